package main

import "sync"

func spring(seed int64) <-chan uint64 {
	out := make(chan uint64, 4)
	go func() {
		defer close(out)
		for t := newTask(seed); !over(); {
			out <- t.step()
		}
	}()
	return out
}

func joined(all ...<-chan uint64) <-chan uint64 {
	out := make(chan uint64, 4)
	var dry sync.WaitGroup
	for _, one := range all {
		dry.Go(func() {
			for v := range one {
				out <- v
			}
		})
	}
	go func() { dry.Wait(); close(out) }()
	return out
}

// Two springs, one river.
func main() {
	b := newTally(0)
	for v := range joined(spring(cfg.Seed), spring(cfg.Seed+1)) {
		b.sum = b.sum*31 + v
		b.passes[0]++
	}
	finish(b, 2)
}
