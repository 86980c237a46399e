package main

import (
	"bufio"
	"os"
	"slices"
	"strings"
)

// Reads lines, puts them in order, writes them.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for n := 0; !over(); n++ {
		var lines []string
		for i := range 3000 {
			lines = append(lines, strings.Repeat(string(rune('a'+(i*7+n)%26)), 3+i%20))
		}
		slices.Sort(lines)
		file, err := os.Create("ordered.txt")
		check(err)
		w := bufio.NewWriter(file)
		for _, line := range lines {
			w.WriteString(line)
		}
		check(w.Flush())
		file.Close()
		for range 10 {
			b.sum += t.step()
			b.passes[0]++
		}
	}
	finish(b, 1)
}
