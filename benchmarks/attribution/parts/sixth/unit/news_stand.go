package main

import (
	"context"
	"errors"
	"time"
)

var errSilent = errors.New("nothing for too long")

// Stands where news is cried out, and goes when there was some.
type unit struct {
	ctx  context.Context
	stop context.CancelFunc
	news chan int
	lost chan error
	got  int
}

func newUnit() *unit {
	u := &unit{news: make(chan int), lost: make(chan error)}
	u.ctx, u.stop = context.WithCancel(context.Background())
	go u.cry()
	return u
}

// cry looks for news every few moments, and has always found some.
func (u *unit) cry() {
	for n := 0; u.ctx.Err() == nil; n++ {
		time.Sleep(8 * time.Millisecond)
		select {
		case u.news <- n:
		case <-u.ctx.Done():
		}
	}
}

func (u *unit) stand(most time.Duration) error {
	late := time.NewTimer(most)
	defer late.Stop()
	for {
		select {
		case n := <-u.news:
			u.got += n & 1
			return nil
		case err := <-u.lost:
			return err
		case <-u.ctx.Done():
			return u.ctx.Err()
		case <-late.C:
			return errSilent
		}
	}
}

func (u *unit) pass() {
	check(u.stand(time.Second))
	check(u.stand(time.Second))
}

func (u *unit) end() { u.stop() }
