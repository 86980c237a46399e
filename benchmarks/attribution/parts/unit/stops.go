package main

import "runtime"

// Looks up how much memory is used, often.
type unit struct {
	most uint64
	beat chan struct{}
}

func newUnit() *unit {
	u := &unit{beat: make(chan struct{})}
	go u.beside()
	return u
}

func (u *unit) beside() {
	v := uint64(1)
	for {
		select {
		case <-u.beat:
			return
		default:
			for k := uint64(1); k < 30000; k++ {
				v = v*6364136223846793005 + k
			}
		}
	}
}

func (u *unit) pass() {
	for range 100 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		u.most = max(u.most, now.HeapAlloc)
	}
}

func (u *unit) end() { close(u.beat) }
