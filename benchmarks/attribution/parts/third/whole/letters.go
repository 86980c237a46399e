package main

import (
	"strconv"
	"strings"
)

// Writes many small things and keeps few of them.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	kept := make([]string, 512)
	for n := 0; !over(); n++ {
		for range 3 {
			b.sum += t.step()
			b.passes[0]++
		}
		for i := range 150 {
			words := []string{"dear", strconv.Itoa(n * i), "yours", strconv.FormatUint(b.sum&1023, 2)}
			kept[(n+i)%len(kept)] = strings.Join(words, " ")
		}
		b.sum += uint64(len(kept[n%len(kept)]))
	}
	finish(b, 1)
}
