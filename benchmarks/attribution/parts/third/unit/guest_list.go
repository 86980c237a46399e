package main

import "runtime/debug"

type guest struct {
	name   *[16]byte
	beside [3]*guest
}

// A long list of guests, of whom some leave and others come.
type unit struct {
	list []*guest
	n    int
}

func newUnit() *unit {
	if cfg.Level > 0 {
		debug.SetGCPercent(cfg.Level)
	} else if cfg.Level < 0 {
		debug.SetGCPercent(-1)
	}
	u := &unit{list: make([]*guest, 150000)}
	for i := range u.list {
		u.list[i] = &guest{name: new([16]byte)}
		u.list[i].beside[0] = u.list[i*7919%(i+1)]
	}
	return u
}

func (u *unit) come() {
	u.n++
	at := u.n * 7919 % len(u.list)
	u.list[at] = &guest{name: new([16]byte)}
	u.list[at].beside[1] = u.list[(at+1)%len(u.list)]
	u.list[(at+1)%len(u.list)].beside[1] = nil
}

func (u *unit) pass() {
	for range 4000 {
		u.come()
	}
}

func (u *unit) end() {}
