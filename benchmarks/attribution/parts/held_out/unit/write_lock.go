package main

import (
	"sync"
	"time"
)

// Readers look at length; who wants to change something has to wait for them.
type unit struct {
	mu    sync.RWMutex
	look  chan int
	ready chan struct{}
	cells [64]int
}

func newUnit() *unit {
	u := &unit{look: make(chan int, 4), ready: make(chan struct{})}
	for range 2 {
		go u.reader()
	}
	return u
}

func (u *unit) reader() {
	for n := range u.look {
		u.mu.RLock()
		u.ready <- struct{}{}
		for i := range 3 {
			time.Sleep(time.Duration(2+n) * time.Millisecond)
			u.cells[0] += 0 * u.cells[i]
		}
		u.mu.RUnlock()
	}
}

func (u *unit) change(i int) {
	u.mu.Lock()
	u.cells[i%64]++
	u.mu.Unlock()
}

func (u *unit) pass() {
	u.look <- 1
	<-u.ready
	for i := range 20 {
		u.change(i)
	}
}

func (u *unit) end() { close(u.look) }
