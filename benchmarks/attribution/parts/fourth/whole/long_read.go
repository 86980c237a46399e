package main

import (
	"bufio"
	"os"
	"strings"
)

// Reads a text that was just written, over and over, and counts what is in it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	check(os.WriteFile("text", []byte(strings.Repeat("one of the words, and then another\n", 30000)), 0o644))
	words := map[string]int{}
	for !over() {
		file, err := os.Open("text")
		check(err)
		for s := bufio.NewScanner(file); s.Scan() && !over(); {
			for _, word := range strings.Fields(s.Text()) {
				words[word]++
			}
			if words["one"]%400 == 0 {
				b.sum += t.step()
				b.passes[0]++
			}
		}
		check(file.Close())
	}
	b.sum += uint64(words["then"])
	finish(b, 1)
}
