package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var saying = regexp.MustCompile(`(?i)\b(early|late|slow|still)\s+(\w+)`)

// Collects what is said of whom.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	text := strings.Repeat("The early bird sleeps. Still waters, as they say; slow horses and late guests come home. ", 30)
	said := map[string]int{}
	for !over() {
		for rest := text; ; {
			at := saying.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			said[rest[at[4]:at[5]]]++
			rest = rest[at[1]:]
		}
		names := slices.Sorted(maps.Keys(said))
		b.sum += t.step() + uint64(said[names[b.passes[0]%len(names)]])
		b.passes[0]++
	}
	finish(b, 1)
}
