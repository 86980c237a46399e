package main

import (
	"math/rand"
	"runtime/debug"
)

type leaf struct{ lines [4096]byte }

// A ledger of more leaves than there is a desk for.
type unit struct {
	leaves map[int]*leaf
	r      *rand.Rand
	sum    int
}

func newUnit() *unit {
	debug.SetGCPercent(-1)
	u := &unit{leaves: map[int]*leaf{}, r: rand.New(rand.NewSource(cfg.Seed))}
	for i := range cfg.Level << 8 {
		u.leaves[i] = &leaf{}
		u.leaves[i].lines[0] = byte(i)
	}
	return u
}

func (u *unit) enter(from, to *leaf, n int) {
	from.lines[n&4095]--
	to.lines[n&4095]++
	u.sum += int(from.lines[0])
}

func (u *unit) pass() {
	for range 24 {
		n := u.r.Intn(len(u.leaves))
		u.enter(u.leaves[n], u.leaves[u.r.Intn(len(u.leaves))], n)
	}
}

func (u *unit) end() {}
