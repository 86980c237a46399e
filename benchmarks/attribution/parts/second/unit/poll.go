package main

import (
	"context"
	"sync/atomic"
	"time"
)

// Looks every two milliseconds whether it is done.
type unit struct {
	done  atomic.Int32
	ctx   context.Context
	stop  context.CancelFunc
	looks int
}

func newUnit() *unit {
	ctx, stop := context.WithCancel(context.Background())
	return &unit{ctx: ctx, stop: stop}
}

func (u *unit) pass() {
	u.done.Store(0)
	time.AfterFunc(13*time.Millisecond, func() { u.done.Store(1) })
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for u.done.Load() == 0 {
		select {
		case <-ticker.C:
			u.looks++
		case <-u.ctx.Done():
			return
		}
	}
}

func (u *unit) end() { u.stop() }
