package main

import (
	"runtime"
	"sync/atomic"
)

// Others compute beside, on more threads than there are processors.
type unit struct {
	on, stop atomic.Bool
	sum      uint64
	counts   []uint64
}

func newUnit() *unit {
	u := &unit{counts: make([]uint64, cfg.Level*16)}
	runtime.GOMAXPROCS(cfg.Level + 2)
	for i := range cfg.Level {
		go u.beside(&u.counts[i*16])
	}
	return u
}

func (u *unit) beside(count *uint64) {
	for !u.stop.Load() {
		for k := uint64(1); k < 200000; k++ {
			*count = *count*6364136223846793005 + k
		}
	}
}

func (u *unit) pass() {
	for k := uint64(1); k < 300000; k++ {
		u.sum = u.sum*6364136223846793005 + k
	}
}

func (u *unit) end() { u.stop.Store(true) }
