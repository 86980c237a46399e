package main

import (
	"runtime"
	"strings"
)

type sack struct {
	grain []string
	below *sack
}

// After each job it is weighed what is left of it.
type unit struct {
	store *sack
	grew  uint64
	n     int
}

func newUnit() *unit {
	u := &unit{}
	for range 3000 {
		s := &sack{below: u.store}
		for range 12 {
			s.grain = append(s.grain, strings.Repeat("o", 9))
		}
		u.store = s
	}
	return u
}

func weigh() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (u *unit) left(job func()) uint64 {
	before := weigh()
	job()
	if after := weigh(); after > before {
		return after - before
	}
	return 0
}

func (u *unit) pass() {
	u.grew += u.left(func() {
		u.n += len(strings.Fields("what there is to do, and by whom"))
	})
}

func (u *unit) end() {}
