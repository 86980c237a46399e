package main

import (
	"fmt"
	"runtime/debug"
)

type record struct {
	name  string
	tags  []string
	other *record
}

type unit struct {
	kept map[string]*record
	n    int
}

func newUnit() *unit {
	if cfg.Level != 0 {
		debug.SetGCPercent(cfg.Level)
	}
	u := &unit{kept: map[string]*record{}}
	for range 120000 {
		u.add()
	}
	return u
}

func (u *unit) add() {
	u.n++
	name := fmt.Sprintf("r%d", u.n%120000)
	u.kept[name] = &record{name: name, tags: []string{"a", name}, other: u.kept["r7"]}
	u.kept[name].other = nil
}

func (u *unit) pass() {
	for range 3000 {
		u.add()
	}
}

func (u *unit) end() {}
