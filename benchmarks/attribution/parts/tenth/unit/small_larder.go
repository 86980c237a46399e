package main

import "runtime/debug"

type jar struct {
	of    *string
	until int
	taste [16]int
}

var fruits = [...]string{"plums", "pears", "quinces"}

// All jars of the last years stand in a larder that is meant to be small; the oldest gives way to each that is filled.
type unit struct {
	jars []*jar
	n    int
}

func newUnit() *unit {
	u := &unit{jars: make([]*jar, 120000)}
	for range u.jars {
		u.fill()
	}
	switch {
	case cfg.Level > 0:
		debug.SetMemoryLimit(int64(cfg.Level) << 20)
	case cfg.Level < 0:
		debug.SetGCPercent(cfg.Level)
	}
	return u
}

func (u *unit) fill() {
	j := &jar{of: &fruits[u.n%len(fruits)], until: u.n + 3}
	j.taste[u.n&15] = u.n
	u.jars[u.n%len(u.jars)] = j
	u.n++
}

func (u *unit) pass() {
	for range 5000 {
		u.fill()
	}
}

func (u *unit) end() {}
