package main

import "time"

// No more than so many a second may go out.
type unit struct {
	next time.Time
	sent int
}

func newUnit() *unit { return &unit{} }

func (u *unit) allow(gap time.Duration) {
	now := time.Now()
	if u.next.Before(now) {
		u.next = now.Add(gap)
	}
	time.Sleep(u.next.Sub(now))
	u.next = u.next.Add(gap)
}

func (u *unit) pass() {
	for range 3 {
		u.allow(3 * time.Millisecond)
		u.sent++
	}
}

func (u *unit) end() {}
