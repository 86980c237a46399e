package main

import (
	"sync"
	"sync/atomic"
	"time"
)

type rules struct {
	version int
	steps   int
	names   map[string]bool
}

// Two keep to rules that are given anew from time to time.
func main() {
	var now atomic.Pointer[rules]
	now.Store(&rules{steps: 2, names: map[string]bool{"first": true}})
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			old := now.Load()
			names := map[string]bool{}
			for name := range old.names {
				names[name] = true
			}
			now.Store(&rules{old.version + 1, 2 + old.version%2, names})
		}
	}()
	var both sync.WaitGroup
	found := [2]*tally{newTally(0), newTally(0)}
	for i, own := range found {
		both.Go(func() {
			t := newTask(cfg.Seed + int64(i))
			for !over() {
				for range now.Load().steps {
					own.sum += t.step()
					own.passes[0]++
				}
			}
		})
	}
	both.Wait()
	found[0].add(found[1])
	finish(found[0], 2)
}
