package main

import (
	"context"
	"math"
	"sync"
	"time"
)

// pace says when one may go: so many a second, a few of them at once.
type pace struct {
	mu       sync.Mutex
	each     time.Duration
	most     int
	free     time.Time
	reserved int
}

type leave struct{ at time.Time }

func (p *pace) reserve(n int) leave {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if first := now.Add(-time.Duration(p.most) * p.each); p.free.Before(first) {
		p.free = first
	}
	p.free = p.free.Add(time.Duration(n) * p.each)
	p.reserved += n
	return leave{p.free}
}

func (p *pace) wait(ctx context.Context) error {
	l := p.reserve(1)
	long := time.Until(l.at)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < long {
		return context.DeadlineExceeded
	}
	if long <= 0 {
		return nil
	}
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type unit struct {
	p   pace
	far float64
}

func newUnit() *unit { return &unit{p: pace{each: 5 * time.Millisecond, most: 2}} }

func (u *unit) pass() {
	ctx, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	for range 3 {
		check(u.p.wait(ctx))
		u.far += math.Sqrt(float64(u.p.reserved))
	}
}

func (u *unit) end() {}
