package main

import (
	"sync"
	"time"
)

type slip struct{ from, value int }

// Three write slips, each at his own pace, and all come to one counter.
type unit struct {
	counter chan slip
	closed  chan struct{}
	writers sync.WaitGroup
	sums    [3]int
}

func newUnit() *unit {
	u := &unit{counter: make(chan slip), closed: make(chan struct{})}
	for i := range u.sums {
		u.writers.Go(func() { u.write(i) })
	}
	return u
}

func (u *unit) write(who int) {
	for n := 0; ; n++ {
		time.Sleep(time.Duration(14+3*who) * time.Millisecond)
		select {
		case u.counter <- slip{who, n}:
		case <-u.closed:
			return
		}
	}
}

func (u *unit) pass() {
	for range 4 {
		s := <-u.counter
		u.sums[s.from] += s.value
	}
}

func (u *unit) end() {
	close(u.closed)
	u.writers.Wait()
}
