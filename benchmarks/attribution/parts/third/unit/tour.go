package main

import (
	"cmp"
	"slices"
)

type stop struct {
	x, y  float64
	order int
}

// Puts stops of a tour into an order, over and over.
type unit struct {
	stops []stop
	total float64
}

func newUnit() *unit {
	u := &unit{stops: make([]stop, 9000)}
	for i := range u.stops {
		u.stops[i] = stop{float64(i * 7919 % 1009), float64(i * 104729 % 997), i}
	}
	return u
}

func (u *unit) pass() {
	slices.SortStableFunc(u.stops, func(a, b stop) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	for i := range u.stops {
		u.total += u.stops[i].x
		u.stops[i].x = float64((i*7919 + int(u.total)) % 1009)
	}
}

func (u *unit) end() {}
