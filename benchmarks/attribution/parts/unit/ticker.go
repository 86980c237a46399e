package main

import "time"

// Goes on with the beat.
type unit struct {
	beat *time.Ticker
	sum  int
}

func newUnit() *unit { return &unit{beat: time.NewTicker(7 * time.Millisecond)} }

func (u *unit) pass() {
	u.beat.Reset(7 * time.Millisecond)
	for range 2 {
		at := <-u.beat.C
		u.sum += at.Nanosecond() & 15
	}
}

func (u *unit) end() { u.beat.Stop() }
