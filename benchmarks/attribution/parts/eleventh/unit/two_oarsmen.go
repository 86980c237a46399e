package main

import (
	"sync"
	"time"
)

// boat is rowed by two, neither of whom begins the next stroke before both are through with this one.
type boat struct {
	mu      sync.Mutex
	change  *sync.Cond
	ready   int
	strokes int
	ashore  bool
}

func (b *boat) pull() {
	b.mu.Lock()
	defer b.mu.Unlock()
	stroke := b.strokes
	b.ready++
	if b.ready == 2 {
		b.ready = 0
		b.strokes++
	}
	b.change.Broadcast()
	for b.strokes == stroke {
		b.change.Wait()
	}
}

func (b *boat) called() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.ready == 0 && !b.ashore {
		b.change.Wait()
	}
	return !b.ashore
}

type unit struct {
	boat *boat
	mate sync.WaitGroup
}

func newUnit() *unit {
	u := &unit{boat: &boat{}}
	u.boat.change = sync.NewCond(&u.boat.mu)
	u.mate.Go(func() {
		for u.boat.called() {
			time.Sleep(6 * time.Millisecond)
			u.boat.pull()
		}
	})
	return u
}

func (u *unit) pass() { u.boat.pull() }

func (u *unit) end() {
	u.boat.mu.Lock()
	u.boat.ashore = true
	u.boat.change.Broadcast()
	u.boat.mu.Unlock()
	u.mate.Wait()
}
