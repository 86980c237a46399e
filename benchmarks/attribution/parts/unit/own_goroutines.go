package main

import "sync"

// A batch is cut into more slices than can run at once; each waits for its turn.
type unit struct {
	sums [64]uint64
	n    uint64
}

func newUnit() *unit { return &unit{} }

func (u *unit) slice(i int) {
	v := u.n + uint64(i)
	for k := uint64(1); k < 1_500_000; k++ {
		v = v*6364136223846793005 + k
	}
	u.sums[i] += v
}

func (u *unit) pass() {
	var all sync.WaitGroup
	for i := range cfg.Level {
		all.Add(1)
		go func() {
			defer all.Done()
			u.slice(i)
		}()
	}
	all.Wait()
	u.n++
}

func (u *unit) end() {}
