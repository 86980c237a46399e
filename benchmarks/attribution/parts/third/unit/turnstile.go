package main

import "time"

// One at a time goes through.
type unit struct {
	through chan bool
	next    chan bool
	inside  chan bool
	n       int
}

func newUnit() *unit {
	u := &unit{through: make(chan bool, 1), next: make(chan bool, 1), inside: make(chan bool)}
	go u.visitor()
	return u
}

func (u *unit) visitor() {
	for range u.next {
		u.through <- true
		u.inside <- true
		time.Sleep(9 * time.Millisecond)
		<-u.through
	}
}

func (u *unit) pass() {
	u.next <- true
	<-u.inside
	u.through <- true
	u.n++
	<-u.through
}

func (u *unit) end() { close(u.next) }
