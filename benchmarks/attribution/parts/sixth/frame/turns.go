package main

import "iter"

// turns are there for as long as there is time.
func turns() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 0; !over() && yield(n); n++ {
		}
	}
}

// Turn after turn.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b, last := newTally(len(parts)), 0
	for n := range turns() {
		b.turn(t, parts)
		last = n
	}
	for _, p := range parts {
		p.end()
	}
	b.sum ^= uint64(last)
	finish(b, 1)
}
