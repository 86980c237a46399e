package main

import "time"

// One clerk answers everybody, and takes a while over each.
type unit struct {
	asked    chan int
	answered chan int
	sum      int
}

func newUnit() *unit {
	u := &unit{asked: make(chan int), answered: make(chan int)}
	go u.clerk()
	return u
}

func (u *unit) clerk() {
	for n := range u.asked {
		time.Sleep(8 * time.Millisecond)
		u.answered <- n * 3
	}
}

func (u *unit) pass() {
	u.asked <- u.sum & 1023
	u.sum += <-u.answered
}

func (u *unit) end() { close(u.asked) }
