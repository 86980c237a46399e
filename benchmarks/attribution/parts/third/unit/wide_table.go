package main

import "math/rand"

// Counts in a table that is written all over.
type unit struct {
	table []uint32
	r     *rand.Rand
}

func newUnit() *unit {
	u := &unit{table: make([]uint32, cfg.Level<<18), r: rand.New(rand.NewSource(cfg.Seed))}
	for i := 0; i < len(u.table); i += 1024 {
		u.table[i] = uint32(i)
	}
	return u
}

func (u *unit) count(n int) { u.table[n]++ }

func (u *unit) pass() {
	for range 60 {
		u.count(u.r.Intn(len(u.table)))
	}
}

func (u *unit) end() {}
