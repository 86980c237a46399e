package main

import "sync"

// Workers that share a table, each for a moment.
func main() {
	var mu sync.Mutex
	var all sync.WaitGroup
	table := map[uint64]int{}
	b := newTally(0)
	for i := range cfg.Many {
		all.Add(1)
		go func() {
			defer all.Done()
			t := newTask(cfg.Seed + int64(i))
			for !over() {
				v := t.step()
				mu.Lock()
				table[v%512]++
				b.sum += v
				b.passes[0]++
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	finish(b, cfg.Many)
}
