package main

type vessel struct {
	number int
	load   uint64
}

// Vessels go down by three steps; there are four vessels in all, which come back when they are down.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	upper, middle, lower := make(chan *vessel, 4), make(chan *vessel, 4), make(chan *vessel, 4)
	for i := range 4 {
		upper <- &vessel{number: i}
	}
	gone := make(chan uint64)
	go func() {
		defer close(middle)
		for v := range upper {
			if over() {
				return
			}
			v.number += 4
			middle <- v
		}
	}()
	go func() {
		defer close(lower)
		for v := range middle {
			b.turn(t, parts)
			v.load = b.sum
			lower <- v
		}
	}()
	go func() {
		var sum uint64
		for v := range lower {
			sum = sum*31 + v.load + uint64(v.number)
			upper <- v
		}
		gone <- sum
	}()
	sum := <-gone
	for _, p := range parts {
		p.end()
	}
	b.sum ^= sum
	finish(b, 1)
}
