package main

import "time"

// tickets are given out one at a time, so that nobody goes more often than is allowed.
type tickets struct {
	out  chan int
	stop chan struct{}
}

func (t *tickets) give() {
	for n := 0; ; n++ {
		time.Sleep(9 * time.Millisecond)
		select {
		case t.out <- n:
		case <-t.stop:
			return
		}
	}
}

type unit struct {
	tickets tickets
	rode    int
}

func newUnit() *unit {
	u := &unit{tickets: tickets{make(chan int), make(chan struct{})}}
	go u.tickets.give()
	return u
}

func (u *unit) pass() { u.rode += <-u.tickets.out & 3 }

func (u *unit) end() { close(u.tickets.stop) }
