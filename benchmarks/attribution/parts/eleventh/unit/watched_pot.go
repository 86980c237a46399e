package main

import (
	"sync/atomic"
	"time"
)

// Looks into a pot now and then, until it boils.
type unit struct{ looks, pots int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	var boils atomic.Bool
	time.AfterFunc(9*time.Millisecond, func() { boils.Store(true) })
	for wait := time.Millisecond; !boils.Load(); wait = min(wait*3/2, 3*time.Millisecond) {
		time.Sleep(wait)
		u.looks++
	}
	u.pots++
}

func (u *unit) end() {}
