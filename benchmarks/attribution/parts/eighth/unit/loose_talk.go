package main

import (
	"fmt"
	"runtime/debug"
)

type remark struct {
	by, about string
	said      *string
	after     *remark
}

// Much is said, and all of it is written down the long way; of what is written the last is kept for a while.
type unit struct {
	kept []*remark
	n    int
}

func newUnit() *unit {
	u := &unit{kept: make([]*remark, 80000)}
	for i := range u.kept {
		u.kept[i] = u.say(i)
	}
	if cfg.Level != 0 {
		debug.SetGCPercent(cfg.Level)
	}
	return u
}

func (u *unit) say(i int) *remark {
	text := fmt.Sprintf("%s-%06d: %v", "talk", i, i%97)
	r := &remark{by: fmt.Sprint("guest", i%1000), said: &text}
	if before := u.kept[i*7919%len(u.kept)]; before != nil {
		before.after = nil
		r.after = before
	}
	return r
}

func (u *unit) pass() {
	for range 1000 {
		u.n++
		u.kept[u.n*31%len(u.kept)] = u.say(u.n)
	}
}

func (u *unit) end() {}
