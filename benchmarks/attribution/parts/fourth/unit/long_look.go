package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// guarded is what many look at and few change.
type guarded[T any] struct {
	mu    sync.RWMutex
	value T
}

func (g *guarded[T]) look(f func(T)) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	f(g.value)
}

func (g *guarded[T]) change(f func(*T)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.value)
}

// One takes a long look, another wants to change something, and a third would only have glanced at it.
type unit struct {
	names guarded[map[int]string]
	sent  chan bool
	there chan bool
	about atomic.Bool
	size  int
}

func newUnit() *unit {
	u := &unit{sent: make(chan bool, 1), there: make(chan bool)}
	u.names.value = map[int]string{1: "one"}
	go u.export()
	return u
}

func (u *unit) export() {
	for range u.sent {
		u.names.look(func(all map[int]string) {
			go func() {
				u.about.Store(true)
				u.names.change(func(all *map[int]string) { (*all)[2] = "two" })
			}()
			for !u.about.Load() {
				time.Sleep(100 * time.Microsecond)
			}
			time.Sleep(200 * time.Microsecond)
			u.there <- true
			time.Sleep(time.Duration(8+len(all)) * time.Millisecond)
		})
	}
}

func (u *unit) pass() {
	u.about.Store(false)
	u.sent <- true
	<-u.there
	u.names.look(func(all map[int]string) { u.size += len(all) })
}

func (u *unit) end() { close(u.sent) }
