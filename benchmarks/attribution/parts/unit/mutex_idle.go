package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// A copy of the prices is renewed beside while nobody may look at it.
type unit struct {
	mu     sync.Mutex
	ask    chan struct{}
	ready  chan struct{}
	prices [256]int
	sum    int
	over   atomic.Bool
}

func newUnit() *unit {
	u := &unit{ask: make(chan struct{}, 1), ready: make(chan struct{})}
	go u.renew()
	return u
}

func (u *unit) renew() {
	for range u.ask {
		u.mu.Lock()
		u.ready <- struct{}{}
		for i := range 4 {
			time.Sleep(3 * time.Millisecond)
			u.prices[i*50]++
		}
		u.mu.Unlock()
	}
}

func (u *unit) price(i int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.prices[i%256]
}

func (u *unit) pass() {
	u.ask <- struct{}{}
	<-u.ready
	for i := range 40 {
		u.sum += u.price(i)
	}
}

func (u *unit) end() { close(u.ask) }
