package main

import (
	"sync/atomic"
	"time"
)

type pan struct {
	hot atomic.Bool
	at  time.Time
}

func (p *pan) heat(long time.Duration) {
	p.hot.Store(false)
	p.at = time.Now().Add(long)
	time.AfterFunc(long, func() { p.hot.Store(true) })
}

// Looks into the pan until it is hot.
type unit struct {
	pan    pan
	looked int
}

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	u.pan.heat(9 * time.Millisecond)
	for !u.pan.hot.Load() {
		u.looked++
		time.Sleep(time.Millisecond)
	}
}

func (u *unit) end() {}
