package main

import "iter"

// chapters are told one after the other, for as long as there is time.
func chapters() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for n := 0; !over(); n++ {
			if !yield(n, []string{"of old", "of late", "of now"}[n%3]) {
				return
			}
		}
	}
}

// Goes through a story chapter by chapter.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	for n, of := range chapters() {
		b.turn(t, parts)
		b.sum += uint64(n % len(of))
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
