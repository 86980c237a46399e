package main

type letter struct {
	n   int
	sum uint64
}

type rider struct {
	in   chan letter
	to   *rider
	seen int
}

func (r *rider) ride(t *task, rest chan<- letter) {
	for l := range r.in {
		r.seen++
		for range 8 {
			l.sum = l.sum*31 + t.step()
		}
		if l.n++; over() {
			rest <- l
			return
		}
		r.to.in <- l
	}
}

// A letter goes round among many, each of whom adds something.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	riders := make([]*rider, 40)
	for i := range riders {
		riders[i] = &rider{in: make(chan letter, 1)}
	}
	rest := make(chan letter)
	for i, r := range riders {
		r.to = riders[(i+1)%len(riders)]
		go r.ride(t, rest)
	}
	riders[0].in <- letter{}
	l := <-rest
	b.passes[0], b.sum = l.n, l.sum
	finish(b, 1)
}
