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
	head, _ := input.Peek(16)
	out := newOutput(directory)
	d := newDecoder(out)
	var broken error
	if modern(head) {
		broken = pipeline(input, d)
	} else {
		broken = inTurn(input, d)
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

// modern tells Go 1.22's format and newer: "go 1.22 trace\0\0\0".
func modern(head []byte) bool {
	return len(head) == 16 && string(head[:5]) == "go 1." && head[5] >= '2' && (head[5] > '2' || head[6] >= '2') && head[6] != ' '
}

type batch struct {
	events []trace.Event
	tasks  []trace.Task // of the TaskEnd events, in order
}

// inTurn reads an event, decodes it, reads the next.
func inTurn(input io.Reader, d *decoder) (err error) {
	defer recovered(&err)
	reader, err := trace.NewReader(input)
	if err != nil {
		return err
	}
	for {
		event, err := reader.ReadEvent()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var task trace.Task
		if event.Kind() == trace.EventTaskEnd {
			task = event.Task()
		}
		d.take(&event, task)
	}
}

// pipeline reads on one processor and decodes on another. An event's table does not change once its generation is
// installed but for the names that TaskEnd events add to it, so those are looked up by the goroutine that reads.
func pipeline(input io.Reader, d *decoder) error {
	full, idle, failed := make(chan *batch, 8), make(chan *batch, 16), make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		var err error
		defer func() { done <- err }()
		defer recovered(&err)
		for b := range full {
			task := 0
			for i := range b.events {
				var t trace.Task
				if b.events[i].Kind() == trace.EventTaskEnd {
					t = b.tasks[task]
					task++
				}
				d.take(&b.events[i], t)
			}
			select {
			case idle <- b:
			default:
			}
		}
	}()
	go func() { failed <- read(input, full, idle) }()
	var decoding, reading error
	select {
	case decoding = <-done: // it failed: nobody takes batches any more, and the process ends soon
		return decoding
	case reading = <-failed:
	}
	if decoding = <-done; decoding != nil {
		return decoding
	}
	return reading
}

func read(input io.Reader, full chan<- *batch, idle <-chan *batch) (err error) {
	defer close(full)
	defer recovered(&err)
	reader, err := trace.NewReader(input)
	if err != nil {
		return err
	}
	current := &batch{events: make([]trace.Event, 0, 512)}
	defer func() { full <- current }()
	for {
		event, err := reader.ReadEvent()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		current.events = append(current.events, event)
		if event.Kind() == trace.EventTaskEnd {
			current.tasks = append(current.tasks, event.Task())
		}
		if len(current.events) == cap(current.events) {
			full <- current
			select {
			case current = <-idle:
				current.events, current.tasks = current.events[:0], current.tasks[:0]
			default:
				current = &batch{events: make([]trace.Event, 0, 512)}
			}
		}
	}
}

// recovered makes an error of a panic: x/exp/trace checks much of what it reads, not all.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("damaged: %v", r)
	}
}
