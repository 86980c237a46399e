package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

var errBusy = errors.New("busy")

// insist tries until it works, a little later each time.
func insist[T any](ctx context.Context, f func(n int) (T, error)) (value T, err error) {
	pause := 2 * time.Millisecond
	for n := range 6 {
		if value, err = f(n); err == nil {
			return value, nil
		}
		select {
		case <-time.After(pause + rand.N(time.Millisecond)):
			pause *= 2
		case <-ctx.Done():
			return value, ctx.Err()
		}
	}
	return value, err
}

type unit struct {
	ctx  context.Context
	stop context.CancelFunc
	sum  int
}

func newUnit() *unit {
	u := &unit{}
	u.ctx, u.stop = context.WithCancel(context.Background())
	return u
}

func (u *unit) pass() {
	v, err := insist(u.ctx, func(n int) (int, error) {
		if n < 3 {
			return 0, errBusy
		}
		return n, nil
	})
	check(err)
	u.sum += v
}

func (u *unit) end() { u.stop() }
