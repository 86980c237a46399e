package main

type job func(b *tally)

type layer func(job) job

func counted(n *int) layer {
	return func(next job) job {
		return func(b *tally) {
			*n++
			next(b)
		}
	}
}

func mixed(v *uint64) layer {
	return func(next job) job {
		return func(b *tally) {
			before := b.sum
			next(b)
			*v = *v*31 + b.sum - before
		}
	}
}

func layered(inner job, layers ...layer) job {
	for _, l := range layers {
		inner = l(inner)
	}
	return inner
}

// Job after job, each through the same layers.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	var n int
	var v uint64
	do := layered(func(b *tally) { b.turn(t, parts) }, counted(&n), mixed(&v))
	for !over() {
		do(b)
	}
	for _, p := range parts {
		p.end()
	}
	b.sum ^= v + uint64(n)
	finish(b, 1)
}
