package main

import "time"

// Looks after things at fixed times.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	round := time.NewTicker(50 * time.Millisecond)
	defer round.Stop()
	for range round.C {
		b.sum += t.step()
		b.passes[0]++
		if over() {
			break
		}
	}
	finish(b, 1)
}
