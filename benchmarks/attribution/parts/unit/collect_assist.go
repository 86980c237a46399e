package main

import "runtime/debug"

type leaf struct {
	left, right *leaf
	key         int
}

// Trees are grown and dropped beside a large one that stays.
type unit struct {
	kept *leaf
	n    int
}

func newUnit() *unit {
	if cfg.Level != 0 {
		debug.SetGCPercent(cfg.Level)
	}
	return &unit{kept: grow(18)}
}

func grow(depth int) *leaf {
	if depth == 0 {
		return &leaf{}
	}
	return &leaf{grow(depth - 1), grow(depth - 1), depth}
}

func (u *unit) pass() {
	for range 4 {
		u.n += grow(12).key
	}
}

func (u *unit) end() {}
