package main

import (
	"slices"
	"sync"
)

// A table is put in order beside while others wait to read it.
type unit struct {
	mu    sync.Mutex
	ask   chan struct{}
	ready chan struct{}
	rows  []uint32
	sum   uint64
}

func newUnit() *unit {
	u := &unit{ask: make(chan struct{}, 1), ready: make(chan struct{}), rows: make([]uint32, 1<<16)}
	go u.arrange()
	return u
}

func (u *unit) arrange() {
	for range u.ask {
		u.mu.Lock()
		u.ready <- struct{}{}
		for i := range u.rows {
			u.rows[i] = u.rows[i]*1664525 + 1013904223 + uint32(i)
		}
		slices.Sort(u.rows)
		u.mu.Unlock()
	}
}

func (u *unit) read(i int) uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return uint64(u.rows[i])
}

func (u *unit) pass() {
	u.ask <- struct{}{}
	<-u.ready
	for i := range 30 {
		u.sum += u.read(i * 11)
	}
}

func (u *unit) end() { close(u.ask) }
