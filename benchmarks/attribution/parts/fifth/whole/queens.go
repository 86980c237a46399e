package main

// places counts how many ways there are to go on, row after row.
func places(all, columns, left, right uint) (n uint64) {
	if columns == all {
		return 1
	}
	for free := all &^ (columns | left | right); free != 0; {
		at := free & -free
		free ^= at
		n += places(all, columns|at, (left|at)<<1, (right|at)>>1)
	}
	return n
}

// Seats queens so that none sees another.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for !over() {
		b.sum += places(1<<9-1, 0, 0, 0) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
