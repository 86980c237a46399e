package main

import (
	"os"
	"sync"
)

// A basin from which one can draw when what runs in has settled.
type unit struct {
	mu      sync.Mutex
	settled *sync.Cond
	level   int
	wanted  chan bool
	gauge   *os.File
}

func newUnit() *unit {
	gauge, err := os.Create("gauge")
	check(err)
	u := &unit{gauge: gauge, wanted: make(chan bool, 1)}
	u.settled = sync.NewCond(&u.mu)
	go u.run()
	return u
}

func (u *unit) run() {
	for range u.wanted {
		for i := range 12 {
			_, err := u.gauge.WriteAt([]byte{byte(i), 7}, int64(i))
			check(err)
			check(u.gauge.Sync())
		}
		u.mu.Lock()
		u.level++
		u.mu.Unlock()
		u.settled.Signal()
	}
}

func (u *unit) pass() {
	u.wanted <- true
	u.mu.Lock()
	for u.level == 0 {
		u.settled.Wait()
	}
	u.level--
	u.mu.Unlock()
}

func (u *unit) end() { close(u.wanted) }
