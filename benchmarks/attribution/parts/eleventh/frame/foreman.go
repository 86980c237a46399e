package main

import "sync"

type order struct {
	number int
	done   chan uint64
}

type yard struct {
	t      *task
	parts  []part
	b      *tally
	orders chan order
}

func (y *yard) man() {
	for o := range y.orders {
		y.b.turn(y.t, y.parts)
		o.done <- y.b.sum + uint64(o.number)
	}
}

// Three men and a foreman, who gives out one order, and the next when that one is done.
func main() {
	y := &yard{t: newTask(cfg.Seed), parts: newParts(), orders: make(chan order)}
	y.b = newTally(len(y.parts))
	var men sync.WaitGroup
	for range 3 {
		men.Go(y.man)
	}
	done, last := make(chan uint64), uint64(0)
	for n := 0; !over(); n++ {
		y.orders <- order{n, done}
		last ^= <-done
	}
	close(y.orders)
	men.Wait()
	for _, p := range y.parts {
		p.end()
	}
	y.b.sum ^= last
	finish(y.b, 1)
}
