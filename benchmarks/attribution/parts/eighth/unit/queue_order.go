package main

import (
	"sort"
	"strings"
)

type caller struct {
	rank int
	name string
}

// Whoever comes gets a place in the queue by rank, and then by name.
type unit struct {
	queue []caller
	n     uint64
	sum   int
}

func newUnit() *unit {
	u := &unit{n: uint64(cfg.Seed) + 3}
	for range 700 {
		u.queue = append(u.queue, u.next())
	}
	return u
}

var surnames = strings.Fields("Archer Baker Carter Draper Eastwood Fisher Gardner Hunter Ironside Joiner Keeper Lister Miller")

func (u *unit) next() caller {
	u.n = u.n*6364136223846793005 + 1442695040888963407
	return caller{int(u.n >> 58), surnames[u.n>>33%uint64(len(surnames))]}
}

func (u *unit) comes(c caller) {
	u.queue = append(u.queue, c)
	sort.Slice(u.queue, func(i, j int) bool {
		if u.queue[i].rank != u.queue[j].rank {
			return u.queue[i].rank < u.queue[j].rank
		}
		return u.queue[i].name < u.queue[j].name
	})
}

func (u *unit) pass() {
	for range 12 {
		u.sum += u.queue[0].rank
		copy(u.queue, u.queue[1:])
		u.queue = u.queue[:len(u.queue)-1]
		u.comes(u.next())
	}
}

func (u *unit) end() {}
