package main

func labour(seed int64, jobs <-chan int, found chan<- uint64, all chan<- *tally) {
	t, parts := newTask(seed), newParts()
	b := newTally(len(parts))
	for range jobs {
		b.turn(t, parts)
		found <- b.sum
	}
	for _, p := range parts {
		p.end()
	}
	all <- b
}

// Jobs are handed out, and what is found is put together.
func main() {
	jobs, found, all := make(chan int, 8), make(chan uint64, 8), make(chan *tally)
	for i := range cfg.Many {
		go labour(cfg.Seed+int64(i), jobs, found, all)
	}
	go func() {
		for n := 0; !over(); n++ {
			jobs <- n
		}
		close(jobs)
	}()
	last, sum := make(chan uint64), uint64(0)
	go func() {
		for v := range found {
			sum ^= v
		}
		last <- sum
	}()
	b := <-all
	for range cfg.Many - 1 {
		b.add(<-all)
	}
	close(found)
	b.sum ^= <-last
	finish(b, cfg.Many)
}
