package main

import "runtime/debug"

type knot struct {
	links [6]*knot
	value int
}

// Others take and drop memory beside, and there is a large net to be gone through each time.
type unit struct {
	net  []*knot
	sum  int
}

func newUnit() *unit {
	if cfg.Level != 0 {
		debug.SetGCPercent(cfg.Level)
	}
	u := &unit{net: make([]*knot, 120000)}
	for i := range u.net {
		u.net[i] = &knot{value: i}
		for k := range 6 {
			u.net[i].links[k] = u.net[i*7919*(k+1)%(i+1)]
		}
	}
	return u
}

func (u *unit) pass() {
	fresh := make([]*knot, 4000)
	for i := range fresh {
		fresh[i] = &knot{value: i}
		fresh[i].links[0] = u.net[i]
		u.sum += fresh[i].links[0].value
	}
	u.net[u.sum&1023] = fresh[u.sum%4000]
}

func (u *unit) end() {}
