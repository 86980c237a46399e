package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
)

// Reads lines, works on each, puts them in order and writes them down: once.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	file, err := os.Create("lines")
	check(err)
	w := bufio.NewWriter(file)
	for i := range 20000 {
		fmt.Fprintln(w, i*7919%20011)
	}
	check(w.Flush())
	_, err = file.Seek(0, 0)
	check(err)
	var lines []string
	for s := bufio.NewScanner(file); s.Scan(); {
		lines = append(lines, s.Text())
	}
	for range cfg.Many {
		b.sum += t.step()
		b.passes[0]++
	}
	slices.Sort(lines)
	out, err := os.Create("ordered")
	check(err)
	w = bufio.NewWriter(out)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	check(w.Flush())
	check(out.Close())
	finish(b, 1)
}
