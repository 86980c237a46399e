package main

import (
	"sync"
)

// Of many who come there are two in the chapel at a time.
func main() {
	b := newTally(0)
	seats := make(chan *task, 2)
	seats <- newTask(cfg.Seed)
	seats <- newTask(cfg.Seed + 1)
	var mu sync.Mutex
	var all sync.WaitGroup
	for !over() {
		seat := <-seats
		all.Go(func() {
			var sum uint64
			for range 5 {
				sum += seat.step()
			}
			seats <- seat
			mu.Lock()
			b.sum += sum
			b.passes[0] += 5
			mu.Unlock()
		})
	}
	all.Wait()
	finish(b, 2)
}
