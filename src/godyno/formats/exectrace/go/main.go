// Exectrace decodes a Go execution trace (Go 1.11 and newer) to binary columns.
//
//	exectrace TRACE DIRECTORY     TRACE may be - for stdin
//
// DIRECTORY gets one file per column (TABLE.COLUMN, little endian), strings.bytes with strings.offsets, and meta.json, which is
// written last: without it the decoding did not end. Memory does not grow with the trace: rows are written as they
// become known, and what is held is one generation of the trace, the goroutines that live, and the distinct stacks.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/exp/trace"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: exectrace TRACE DIRECTORY")
		os.Exit(2)
	}
	// The reader allocates for each generation; a larger heap target costs a few MB and saves a third of the GC's work.
	debug.SetGCPercent(200)
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "exectrace:", err)
		os.Exit(1)
	}
}

func run(source, directory string) (err error) {
	defer func() {
		if r := recover(); r != nil { // x/exp/trace checks much of what it reads, not all
			err = fmt.Errorf("damaged: %v", r)
		}
	}()
	var file io.Reader = os.Stdin
	if source != "-" {
		f, err := os.Open(source)
		if err != nil {
			return err
		}
		defer f.Close()
		file = f
	}
	reader, err := trace.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return fmt.Errorf("not an execution trace: %w", err)
	}
	out := newOutput(directory)
	d := newDecoder(out)
	var broken error
	for {
		event, err := reader.ReadEvent()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				broken = err
			}
			break
		}
		d.take(&event)
	}
	if broken != nil && d.events == 0 {
		return fmt.Errorf("not an execution trace: %w", broken)
	}
	d.finish()
	reason := ""
	if broken != nil {
		reason = broken.Error() // what was read before is good: a killed program's trace ends in the middle
	}
	return out.close(d.events, d.first, d.last, reason)
}
