package main

import (
	"errors"
	"sync"
)

// house lets tenants in and says what went wrong with any of them.
type house struct {
	all  sync.WaitGroup
	mu   sync.Mutex
	errs error
}

func (h *house) take(f func() error) {
	h.all.Go(func() {
		if err := f(); err != nil {
			h.mu.Lock()
			h.errs = errors.Join(h.errs, err)
			h.mu.Unlock()
		}
	})
}

// Two tenants, each of whom keeps house alone.
func main() {
	var h house
	kept := map[int]*tally{}
	for i := range 2 {
		t, parts := newTask(cfg.Seed+int64(i)), newParts()
		b := newTally(len(parts))
		kept[i] = b
		h.take(func() error {
			for !over() {
				b.turn(t, parts)
			}
			for _, p := range parts {
				p.end()
			}
			return nil
		})
	}
	h.all.Wait()
	check(h.errs)
	kept[0].add(kept[1])
	finish(kept[0], 2)
}
