package main

import "sync"

// One finds, two note down what was found.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	found := make(chan uint64)
	var mu sync.Mutex
	var both sync.WaitGroup
	notes := map[uint64]int{}
	for range 2 {
		both.Add(1)
		go func() {
			defer both.Done()
			for v := range found {
				mu.Lock()
				notes[v%1024]++
				mu.Unlock()
			}
		}()
	}
	for !over() {
		v := t.step()
		b.sum += v
		b.passes[0]++
		found <- v
	}
	close(found)
	both.Wait()
	b.sum += uint64(len(notes))
	finish(b, 1)
}
