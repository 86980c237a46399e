package main

import (
	"context"
	"errors"
	"time"
)

var errBroken = errors.New("broken")

// Turns a glass, and waits until the sand is through, unless the glass breaks or somebody calls it off.
type unit struct {
	through chan int
	broken  chan error
	ctx     context.Context
	off     context.CancelFunc
	n, sum  int
}

func newUnit() *unit {
	u := &unit{through: make(chan int, 1), broken: make(chan error)}
	u.ctx, u.off = context.WithCancel(context.Background())
	return u
}

func (u *unit) turned() (int, error) {
	n := u.n
	time.AfterFunc(6*time.Millisecond, func() { u.through <- n })
	select {
	case grains := <-u.through:
		return grains, nil
	case err := <-u.broken:
		return 0, errors.Join(errBroken, err)
	case <-u.ctx.Done():
		return 0, u.ctx.Err()
	}
}

func (u *unit) pass() {
	u.n++
	grains, err := u.turned()
	check(err)
	u.sum += grains
}

func (u *unit) end() { u.off() }
