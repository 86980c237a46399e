package main

import (
	"iter"
	"time"
)

// The bells, one after the other.
type unit struct {
	next func() (int, bool)
	stop func()
	sum  int
}

func bells() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 0; ; n++ {
			time.Sleep(time.Duration(4+n%5) * time.Millisecond)
			if !yield(n) {
				return
			}
		}
	}
}

func newUnit() *unit {
	u := &unit{}
	u.next, u.stop = iter.Pull(bells())
	return u
}

func (u *unit) pass() {
	n, _ := u.next()
	u.sum += n
}

func (u *unit) end() { u.stop() }
