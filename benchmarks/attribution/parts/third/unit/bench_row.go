package main

import (
	"runtime"
	"sync/atomic"
)

// Each at a bench of his own; what comes from all of them is looked over by one.
type unit struct {
	open  atomic.Bool
	begin []chan bool
	sums  [16 * 16]uint64
	sum   uint64
}

func newUnit() *unit {
	runtime.GOMAXPROCS(cfg.Level + 2)
	u := &unit{}
	for i := range cfg.Level {
		u.begin = append(u.begin, make(chan bool, 1))
		go u.sit(i)
	}
	return u
}

func (u *unit) sit(i int) {
	runtime.LockOSThread()
	for range u.begin[i] {
		for u.open.Load() {
			for k := range uint64(8000) {
				u.sums[i*16] = u.sums[i*16]*2862933555777941757 + k
			}
		}
	}
}

func (u *unit) pass() {
	u.open.Store(true)
	for _, begin := range u.begin {
		select {
		case begin <- true:
		default: // still at it
		}
	}
	for k := range uint64(3_000_000) {
		u.sum = u.sum*6364136223846793005 + k
	}
	u.open.Store(false)
}

func (u *unit) end() {
	for _, begin := range u.begin {
		close(begin)
	}
}
