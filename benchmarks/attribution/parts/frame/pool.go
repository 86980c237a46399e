package main

import "sync"

func worker(seed int64) *tally {
	t, parts := newTask(seed), newParts()
	b := newTally(len(parts))
	for !over() {
		b.turn(t, parts)
	}
	for _, p := range parts {
		p.end()
	}
	return b
}

func main() {
	var all sync.WaitGroup
	found := make([]*tally, cfg.Many)
	for i := range found {
		all.Add(1)
		go func() {
			defer all.Done()
			found[i] = worker(cfg.Seed + int64(i))
		}()
	}
	all.Wait()
	for _, b := range found[1:] {
		found[0].add(b)
	}
	finish(found[0], len(found))
}
