package main

import (
	"context"
	"time"
)

// So much a second may be used, and no more.
type unit struct {
	ctx  context.Context
	stop context.CancelFunc
	left float64
	last time.Time
	used int
}

func newUnit() *unit {
	u := &unit{last: time.Now()}
	u.ctx, u.stop = context.WithCancel(context.Background())
	return u
}

func (u *unit) take(n float64) {
	now := time.Now()
	u.left = min(2, u.left+now.Sub(u.last).Seconds()*150)
	u.last = now
	if u.left -= n; u.left >= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(-u.left / 150 * 1e9))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-u.ctx.Done():
	}
}

func (u *unit) pass() {
	for range 2 {
		u.take(1)
		u.used++
	}
}

func (u *unit) end() { u.stop() }
