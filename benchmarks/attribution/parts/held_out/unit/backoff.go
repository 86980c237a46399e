package main

import "time"

// Tries again, each time a little later.
type unit struct {
	tries int
}

func newUnit() *unit { return &unit{} }

func (u *unit) try() bool {
	u.tries++
	return u.tries%4 == 0
}

func (u *unit) pass() {
	pause := time.Millisecond
	for !u.try() {
		timer := time.NewTimer(pause)
		<-timer.C
		pause *= 2
	}
}

func (u *unit) end() {}
