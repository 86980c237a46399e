package main

import (
	"sync"
	"sync/atomic"
)

type score struct{ done, odd, large atomic.Int64 }

// Two count, and anybody may see how far they are.
func main() {
	var both sync.WaitGroup
	var s score
	found := [2]*tally{newTally(0), newTally(0)}
	for i, own := range found {
		both.Go(func() {
			t := newTask(cfg.Seed + int64(i))
			for !over() {
				v := t.step()
				s.done.Add(1)
				s.odd.Add(int64(v & 1))
				if v > 1<<40 {
					s.large.Add(1)
				}
				own.sum += v
				own.passes[0]++
			}
		})
	}
	both.Wait()
	found[0].add(found[1])
	found[0].sum += uint64(s.odd.Load())
	finish(found[0], 2)
}
