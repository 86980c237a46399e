package main

import (
	"runtime"
	"weak"
)

type glove struct {
	other *glove
	of    *string
	size  [6]int
}

var owners = [...]string{"Anne", "Bess", "Kate"}

// Keeps what was lost, and wants to know of each thing that is given out whether anybody still has it.
type unit struct {
	shelf  []*glove
	called int
	n      int
}

func newUnit() *unit {
	u := &unit{}
	for i := range 150000 {
		g := &glove{of: &owners[i%len(owners)]}
		if i > 0 {
			g.other = u.shelf[i*7%len(u.shelf)]
		}
		u.shelf = append(u.shelf, g)
	}
	return u
}

func (u *unit) given(n int) weak.Pointer[glove] {
	g := &glove{of: &owners[n%len(owners)]}
	g.size[n%6] = n
	return weak.Make(g)
}

func (u *unit) pass() {
	u.n++
	g := u.given(u.n)
	runtime.GC()
	if g.Value() == nil {
		u.called++
	}
}

func (u *unit) end() { runtime.KeepAlive(u.shelf) }
