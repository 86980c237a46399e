package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
)

// Reads what there is, puts it in order and says it.
func main() {
	reverse := flag.Bool("reverse", false, "the last first")
	flag.Parse()
	t, b := newTask(cfg.Seed), newTally(0)
	check(os.WriteFile("names", []byte(strings.Repeat("one\nanother\nthird\n", 2000)), 0o644))
	text, err := os.ReadFile("names")
	check(err)
	names := strings.Split(strings.TrimSpace(string(text)), "\n")
	sort.SliceStable(names, func(i, k int) bool { return (names[i] < names[k]) != *reverse })
	for range cfg.Many {
		b.sum += t.step()
		b.passes[0]++
	}
	check(os.WriteFile("ordered", []byte(strings.Join(names, "\n")), 0o644))
	fmt.Println(names[0], len(names))
	finish(b, 1)
}
