package main

import "sync"

type lot[T any] struct {
	n     int
	value T
}

func spread[T, R any](in <-chan lot[T], hands int, f func(hand int, one T) R) <-chan lot[R] {
	out := make(chan lot[R])
	var all sync.WaitGroup
	for h := range hands {
		all.Go(func() {
			for one := range in {
				out <- lot[R]{one.n, f(h, one.value)}
			}
		})
	}
	go func() {
		all.Wait()
		close(out)
	}()
	return out
}

// A gang of a few works off what comes.
func main() {
	b := newTally(0)
	in := make(chan lot[int])
	go func() {
		for n := 0; !over(); n++ {
			in <- lot[int]{n, n * 3}
		}
		close(in)
	}()
	tasks := make([]*task, cfg.Many)
	for i := range tasks {
		tasks[i] = newTask(cfg.Seed + int64(i))
	}
	for one := range spread(in, cfg.Many, func(hand, v int) uint64 { return tasks[hand].step() + uint64(v) }) {
		b.sum ^= one.value
		b.passes[0]++
	}
	finish(b, 2)
}
