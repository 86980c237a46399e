package main

import (
	"sync"
	"time"
)

// Rattles at a door every now and then until it opens.
type unit struct {
	door   sync.Mutex
	bell   chan time.Duration
	shut   chan struct{}
	rattle int
}

func newUnit() *unit {
	u := &unit{bell: make(chan time.Duration), shut: make(chan struct{})}
	go func() {
		for long := range u.bell {
			u.door.Lock()
			u.shut <- struct{}{}
			time.Sleep(long)
			u.door.Unlock()
		}
	}()
	return u
}

func (u *unit) pass() {
	u.bell <- 11 * time.Millisecond
	<-u.shut
	for !u.door.TryLock() {
		u.rattle++
		time.Sleep(2 * time.Millisecond)
	}
	u.door.Unlock()
}

func (u *unit) end() { close(u.bell) }
