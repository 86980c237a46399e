package main

import (
	"sync"
	"sync/atomic"
)

// each does f for all numbers below n, on two goroutines that take the next that is left.
func each(n int, f func(hand, i int)) {
	var at atomic.Int64
	var both sync.WaitGroup
	for hand := range 2 {
		both.Go(func() {
			for i := int(at.Add(1)) - 1; i < n; i = int(at.Add(1)) - 1 {
				f(hand, i)
			}
		})
	}
	both.Wait()
}

// A field is ploughed, furrow by furrow, and then the next.
func main() {
	b := newTally(0)
	hands := [2]*task{newTask(cfg.Seed), newTask(cfg.Seed + 1)}
	field := make([]uint64, 200)
	for !over() {
		each(len(field), func(hand, i int) { field[i] += hands[hand].step() })
		for _, v := range field {
			b.sum ^= v
		}
		b.passes[0] += len(field)
	}
	finish(b, 2)
}
