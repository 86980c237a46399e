package main

import "runtime"

// Tries how many hands are best.
type unit struct {
	over chan bool
	n    int
	v    uint64
}

func newUnit() *unit {
	u := &unit{over: make(chan bool)}
	go u.beside()
	return u
}

func (u *unit) beside() {
	for {
		select {
		case <-u.over:
			return
		default:
			for k := range uint64(50000) {
				u.v = u.v*2862933555777941757 + k
			}
		}
	}
}

func (u *unit) pass() {
	for range 5 {
		u.n += runtime.GOMAXPROCS(3)
		u.n -= runtime.GOMAXPROCS(2)
	}
}

func (u *unit) end() { close(u.over) }
