// Exectrace decodes a Go execution trace (Go 1.11 and newer) to tables of fixed-size records.
//
//	exectrace TRACE DIRECTORY     TRACE may be - for stdin
//
// DIRECTORY gets a file for each table that has rows (little endian), strings.bytes with strings.offsets, and meta.json, which is
// written last: without it the decoding did not end. Memory does not grow with the trace: rows are written as they
// become known, and what is held is one generation of the trace, the goroutines that live, and the distinct stacks.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/exp/trace"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: exectrace TRACE DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "exectrace:", err)
		os.Exit(1)
	}
}

func run(source, directory string) (err error) {
	var file io.Reader = os.Stdin
	if source != "-" {
		f, err := os.Open(source)
		if err != nil {
			return err
		}
		defer f.Close()
		file = f
	}
	input := bufio.NewReaderSize(file, 1<<20)
	out := newOutput(directory)
	d := newDecoder(out)
	broken := read(input, d)
	if broken != nil && d.events == 0 {
		close(out.full)
		return fmt.Errorf("not an execution trace: %w", broken)
	}
	d.finish()
	reason := ""
	if broken != nil {
		reason = broken.Error() // what was read before is good: a killed program's trace ends in the middle
	}
	return out.close(d.events, d.first, d.last, reason)
}

// read gives every event to d. It does so in turn: reading on one processor and decoding on another was tried, and copying
// the events from the one to the other cost more than half of what decoding them does.
func read(input io.Reader, d *decoder) (err error) {
	defer recovered(&err)
	reader, err := trace.NewReader(input)
	if err != nil {
		return err
	}
	var event trace.Event
	for {
		if event, err = reader.ReadEvent(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		d.take(&event)
	}
}

// recovered makes an error of a panic: x/exp/trace checks much of what it reads, not all.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("damaged: %v", r)
	}
}
