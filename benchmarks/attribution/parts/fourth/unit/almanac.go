package main

import (
	"time"

	"sample/moons"
	"sample/tides"
)

type unit struct{ n int }

func newUnit() *unit {
	early = moons.Took + tides.Took
	began = began.Add(-time.Duration(early * 1e9))
	return &unit{len(moons.All) + len(tides.All)}
}

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
