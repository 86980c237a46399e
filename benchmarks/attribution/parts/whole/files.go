package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
)

// Reads a file in pages, works on each, and writes a report of it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	from, err := os.Open("input.txt")
	check(err)
	to, err := os.Create("report.txt")
	check(err)
	out := bufio.NewWriter(to)
	page := make([]byte, 64<<10)
	for !over() {
		n, err := from.Read(page)
		if err == io.EOF {
			from.Seek(0, io.SeekStart)
			continue
		}
		check(err)
		b.sum += t.step() + uint64(bytes.Count(page[:n], []byte{'a'}))
		b.passes[0]++
		out.Write(page[:512])
	}
	check(out.Flush())
	finish(b, 1)
}
