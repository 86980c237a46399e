// Bare reads an execution trace by golang.org/x/exp/trace and does nothing with its events.
package main

import (
	"bufio"
	"fmt"
	"os"

	"golang.org/x/exp/trace"
)

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	r, err := trace.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		panic(err)
	}
	n := 0
	for {
		if _, err := r.ReadEvent(); err != nil {
			break
		}
		n++
	}
	fmt.Println(n)
}
