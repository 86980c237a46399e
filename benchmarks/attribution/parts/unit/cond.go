package main

import (
	"sync"
	"time"
)

// A store that is filled in batches; who takes from it waits until there is something.
type unit struct {
	mu   sync.Mutex
	some *sync.Cond
	held []int
	over bool
	sum  int
}

func newUnit() *unit {
	u := &unit{}
	u.some = sync.NewCond(&u.mu)
	go u.fill()
	return u
}

func (u *unit) fill() {
	for n := 0; ; n++ {
		time.Sleep(12 * time.Millisecond)
		u.mu.Lock()
		if u.over {
			u.mu.Unlock()
			return
		}
		if len(u.held) == 0 {
			u.held = append(u.held, n)
		}
		u.mu.Unlock()
		u.some.Broadcast()
	}
}

func (u *unit) take() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.held) == 0 {
		u.some.Wait()
	}
	n := u.held[0]
	u.held = u.held[:0]
	return n
}

func (u *unit) pass() { u.sum += u.take() }

func (u *unit) end() {
	u.mu.Lock()
	u.over = true
	u.mu.Unlock()
}
