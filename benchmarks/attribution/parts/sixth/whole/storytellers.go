package main

import "iter"

// tale is told number by number.
func tale(seed uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for at, v := seed, seed|1; ; at++ {
			for range 40 {
				v = v*6364136223846793005 + at
				v ^= v >> 29
			}
			if !yield(at<<8 | v>>56) {
				return
			}
		}
	}
}

// merged tells two tales as one, in order.
func merged(a, b iter.Seq[uint64]) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		more, enough := iter.Pull(b)
		defer enough()
		w, ok := more()
		for v := range a {
			for ok && w < v {
				if !yield(w) {
					return
				}
				w, ok = more()
			}
			if !yield(v) {
				return
			}
		}
	}
}

// Several tell a tale, each a word in turn.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	all := tale(1)
	for i := range uint64(7) {
		all = merged(all, tale(i*3+2))
	}
	n := 0
	for v := range all {
		b.sum = b.sum*31 + v
		if n++; n%4000 == 0 {
			b.sum += t.step()
			b.passes[0]++
			if over() {
				break
			}
		}
	}
	finish(b, 1)
}
