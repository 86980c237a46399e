package main

import (
	"fmt"
	"runtime/debug"
)

type paper struct {
	title string
	notes map[string]*paper
	above *paper
}

// Clears the desk after each job, so that there is room.
type unit struct {
	kept []*paper
	n    int
}

func newUnit() *unit {
	u := &unit{}
	for i := range 12000 {
		p := &paper{title: fmt.Sprint("the ", i, "th"), notes: map[string]*paper{}}
		for k := range 5 {
			p.notes[fmt.Sprint(k)] = &paper{title: p.title, above: p}
		}
		u.kept = append(u.kept, p)
	}
	return u
}

func (u *unit) pass() {
	u.n++
	p := &paper{title: fmt.Sprint("number ", u.n), notes: map[string]*paper{"of": u.kept[u.n%len(u.kept)]}}
	u.kept[u.n*7%len(u.kept)] = p
	debug.FreeOSMemory()
}

func (u *unit) end() {}
