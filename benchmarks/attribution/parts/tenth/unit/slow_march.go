package main

import "time"

// march says how long one has to stand before the next step, so that all keep in step.
type march struct {
	every time.Duration
	next  time.Time
}

func (m *march) reserve(steps int) time.Duration {
	now := time.Now()
	if m.next.Before(now) {
		m.next = now
	}
	m.next = m.next.Add(time.Duration(steps) * m.every)
	return m.next.Sub(now)
}

type unit struct {
	march march
	steps int
}

func newUnit() *unit { return &unit{march: march{every: 4 * time.Millisecond}} }

func (u *unit) pass() {
	u.steps++
	time.Sleep(u.march.reserve(1 + u.steps%3))
}

func (u *unit) end() {}
