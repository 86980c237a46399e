package main

import "sync"

// Three steps beside each other, each with as much to do.
func main() {
	b := newTally(0)
	first, second := make(chan uint64, 8), make(chan uint64, 8)
	var all sync.WaitGroup
	all.Add(2)
	go func() {
		defer all.Done()
		defer close(first)
		for t := newTask(cfg.Seed); !over(); {
			first <- t.step()
		}
	}()
	go func() {
		defer all.Done()
		defer close(second)
		t := newTask(cfg.Seed + 1)
		for v := range first {
			second <- v ^ t.step()
		}
	}()
	t := newTask(cfg.Seed + 2)
	for v := range second {
		b.sum += v
		if v&1 == 0 {
			b.sum ^= t.step()
		}
		b.passes[0]++
	}
	all.Wait()
	finish(b, 3)
}
