package main

import "runtime/debug"

type jar struct {
	of    string
	next  *jar
	taste [5]int
}

// All jars of the year stand in a larder that is meant to be small; some are filled anew now and then.
type unit struct {
	jars []*jar
	n    uint32
}

func newUnit() *unit {
	u := &unit{jars: make([]*jar, 160000)}
	for i := range u.jars {
		u.jars[i] = u.fill()
	}
	switch {
	case cfg.Level > 0:
		debug.SetMemoryLimit(int64(cfg.Level) << 20)
	case cfg.Level < 0:
		debug.SetGCPercent(cfg.Level)
	}
	return u
}

func (u *unit) fill() *jar {
	u.n = u.n*1664525 + 1013904223
	j := &jar{of: []string{"plums", "pears", "beans"}[u.n>>9%3], taste: [5]int{int(u.n & 7)}}
	if other := u.jars[u.n>>3%uint32(len(u.jars))]; other != nil {
		j.taste[1] = other.taste[0]
		other.next = nil
		j.next = other
	}
	return j
}

func (u *unit) pass() {
	for range 3000 {
		j := u.fill()
		u.jars[u.n>>5%uint32(len(u.jars))] = j
	}
}

func (u *unit) end() {}
