package main

import (
	"runtime"
	"runtime/debug"
)

type record struct {
	left, right *record
	text        [4]*byte
	n           int
}

// A large index in which entries come and go, kept close to its size.
type unit struct {
	index map[int]*record
	n     int
}

func newUnit() *unit {
	runtime.GOMAXPROCS(1)
	u := &unit{index: map[int]*record{}}
	for n := range cfg.Level * 10000 {
		u.index[n] = &record{left: u.index[n/2], n: n}
	}
	return u
}

func (u *unit) pass() {
	old := debug.SetGCPercent(5)
	for range 20000 {
		u.n++
		at := u.n * 7919 % (cfg.Level * 10000)
		delete(u.index, at)
		u.index[at] = &record{n: u.n, text: [4]*byte{new(byte)}}
	}
	debug.SetGCPercent(old)
}

func (u *unit) end() {}
