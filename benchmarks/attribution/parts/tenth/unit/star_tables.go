package main

import (
	"time"

	"sample/charts"
)

// Looks up where the planets stand.
type unit struct{ day, sum int }

func newUnit() *unit {
	early = charts.Took
	began = began.Add(-time.Duration(early * 1e9))
	return &unit{}
}

func (u *unit) pass() {
	u.day++
	u.sum += int(charts.Stands[u.day%len(charts.Stands)][u.day%5])
}

func (u *unit) end() {}
