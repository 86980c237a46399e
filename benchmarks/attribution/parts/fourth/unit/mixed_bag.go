package main

import "runtime/debug"

type thing interface{ weigh() int }

type stone struct{ n *int }

func (s stone) weigh() int { return *s.n }

type bag struct{ inside [2]thing }

func (b *bag) weigh() int { return b.inside[0].weigh() + b.inside[1].weigh() }

type wrapped func() thing

func (w wrapped) weigh() int { return w().weigh() }

// A bag of all kinds of things, of which some are taken out and others put in.
type unit struct {
	things []thing
	n      int
}

func newUnit() *unit {
	u := &unit{things: make([]thing, 160000)}
	for i := range u.things {
		u.things[i] = u.find(i)
	}
	debug.SetGCPercent(max(cfg.Level, -1))
	return u
}

func (u *unit) find(i int) thing {
	n := i
	switch one := (stone{&n}); i % 3 {
	case 0:
		return one
	case 1:
		return &bag{[2]thing{one, stone{&n}}}
	default:
		return wrapped(func() thing { return one })
	}
}

func (u *unit) pass() {
	weight := 0
	for range 3000 {
		u.n++
		at := u.n * 7919 % len(u.things)
		weight += u.things[at].weigh()
		u.things[at] = u.find(u.n)
	}
	u.n += weight & 1
}

func (u *unit) end() {}
