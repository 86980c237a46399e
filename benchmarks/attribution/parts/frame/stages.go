package main

func offer(out chan<- int) {
	for i := 0; !over(); i++ {
		out <- i
	}
	close(out)
}

func handle(in <-chan int, out chan<- uint64, b *tally, parts []part) {
	t := newTask(cfg.Seed)
	for range in {
		b.turn(t, parts)
		out <- b.sum
	}
	for _, p := range parts {
		p.end()
	}
	close(out)
}

func main() {
	parts := newParts()
	b := newTally(len(parts))
	in, out := make(chan int, 4), make(chan uint64, 4)
	go offer(in)
	go handle(in, out, b, parts)
	var last uint64
	for last = range out {
		last ^= last >> 7
	}
	b.sum ^= last
	finish(b, 1)
}
