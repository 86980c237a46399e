package main

import (
	"sync"
	"time"
)

type round struct {
	every time.Duration
	steps int
}

// Several rounds, each at its own times.
func main() {
	b := newTally(0)
	var mu sync.Mutex
	t := newTask(cfg.Seed)
	done := make(chan struct{})
	var all sync.WaitGroup
	for _, r := range []round{{30 * time.Millisecond, 1}, {70 * time.Millisecond, 3}, {250 * time.Millisecond, 9}} {
		all.Go(func() {
			next := time.NewTimer(r.every)
			for {
				select {
				case <-done:
					next.Stop()
					return
				case <-next.C:
				}
				mu.Lock()
				for range r.steps {
					b.sum += t.step()
					b.passes[0]++
				}
				mu.Unlock()
				next.Reset(r.every)
			}
		})
	}
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() { close(done) })
	all.Wait()
	finish(b, 1)
}
