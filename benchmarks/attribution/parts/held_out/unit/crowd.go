package main

import (
	"runtime"
	"sync/atomic"
)

// Everybody shares one processor.
type unit struct {
	stop atomic.Bool
	sums []uint64
	v    uint64
}

func newUnit() *unit {
	runtime.GOMAXPROCS(1)
	u := &unit{sums: make([]uint64, cfg.Level*8)}
	return u
}

func (u *unit) chew(i int, over chan<- struct{}) {
	for k := range uint64(3_000_000) {
		u.sums[i*8] = u.sums[i*8]*2862933555777941757 + k
	}
	over <- struct{}{}
}

func (u *unit) pass() {
	over := make(chan struct{}, cfg.Level)
	for i := range cfg.Level {
		go u.chew(i, over)
	}
	runtime.Gosched()
	for range cfg.Level {
		<-over
	}
	u.v++
}

func (u *unit) end() {}
