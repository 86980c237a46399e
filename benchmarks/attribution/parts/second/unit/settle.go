package main

import (
	"runtime/debug"
	"strconv"
)

// After each batch what it took is given back.
type unit struct {
	known map[string][]*int
	n     int
}

func newUnit() *unit {
	u := &unit{known: map[string][]*int{}}
	for n := range 60000 {
		u.known[strconv.Itoa(n)] = []*int{new(int), new(int)}
	}
	return u
}

func (u *unit) batch() { u.known[strconv.Itoa(u.n%60000)] = []*int{&u.n} }

func (u *unit) pass() {
	u.n++
	u.batch()
	debug.FreeOSMemory()
}

func (u *unit) end() {}
