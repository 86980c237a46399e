package main

import "runtime/debug"

type seat struct {
	next *seat
	row  [5]*int
}

// A hall of a fixed size, in which it gets tight.
type unit struct {
	hall []*seat
	n    int
}

func newUnit() *unit {
	u := &unit{hall: make([]*seat, 180000)}
	for i := range u.hall {
		u.hall[i] = &seat{next: u.hall[i*31%(i+1)]}
	}
	for i := range u.hall {
		u.hall[i].next = nil
	}
	if cfg.Level > 0 {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(int64(cfg.Level) << 20)
	} else if cfg.Level < 0 {
		debug.SetGCPercent(-1)
	}
	return u
}

func (u *unit) pass() {
	for range 3000 {
		u.n++
		u.hall[u.n*7919%len(u.hall)] = &seat{row: [5]*int{&u.n}}
	}
}

func (u *unit) end() {}
