package main

import (
	"context"
	"time"
)

// Rests until it is time.
type unit struct{ rests int }

func newUnit() *unit { return &unit{} }

func rest(ctx context.Context, until time.Time) error {
	ctx, done := context.WithDeadline(ctx, until)
	defer done()
	<-ctx.Done()
	return ctx.Err()
}

func (u *unit) pass() {
	if rest(context.Background(), time.Now().Add(time.Duration(6+u.rests%5)*time.Millisecond)) != nil {
		u.rests++
	}
}

func (u *unit) end() {}
