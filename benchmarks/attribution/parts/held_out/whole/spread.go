package main

import "sync"

// Cuts its work into small pieces and gives each to a goroutine of its own.
func main() {
	b := newTally(0)
	tasks := []*task{newTask(cfg.Seed), newTask(cfg.Seed + 1)}
	for !over() {
		var all sync.WaitGroup
		var sums [2]uint64
		for i, t := range tasks {
			all.Add(1)
			go func() {
				defer all.Done()
				sums[i] = t.step()
			}()
		}
		all.Wait()
		b.sum += sums[0] ^ sums[1]
		b.passes[0] += 2
	}
	finish(b, 2)
}
