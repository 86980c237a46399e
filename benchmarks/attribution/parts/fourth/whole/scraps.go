package main

import "fmt"

type scrap struct {
	text string
	next *scrap
}

// Writes on scraps of paper, few of which are kept.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var last *scrap
	for n := 0; !over(); n++ {
		b.sum += t.step()
		b.passes[0]++
		for i := range 60 {
			last = &scrap{fmt.Sprint("note ", n, " of ", i), last}
		}
		if n%8 == 0 {
			last = nil
		}
	}
	finish(b, 1)
}
