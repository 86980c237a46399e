package main

import (
	"sync"
)

// Two who look things up on one shelf, and now and then put something there.
func main() {
	var mu sync.RWMutex
	var both sync.WaitGroup
	shelf := map[uint64]uint64{}
	b := newTally(0)
	for i := range int64(2) {
		both.Add(1)
		go func() {
			defer both.Done()
			t, own := newTask(cfg.Seed+i), newTally(0)
			for !over() {
				v := t.step()
				mu.RLock()
				own.sum += v ^ shelf[v&255]
				mu.RUnlock()
				if own.passes[0]++; own.passes[0]%16 == 0 {
					mu.Lock()
					shelf[v&255] = v
					mu.Unlock()
				}
			}
			mu.Lock()
			b.add(own)
			mu.Unlock()
		}()
	}
	both.Wait()
	finish(b, 2)
}
