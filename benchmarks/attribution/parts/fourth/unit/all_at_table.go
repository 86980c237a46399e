package main

import (
	"sync"
	"time"
)

// table lets nobody begin before all are there.
type table struct {
	sync.Mutex
	full   *sync.Cond
	there  int
	course int
}

func (t *table) sit(seats int) {
	t.Lock()
	defer t.Unlock()
	now := t.course
	if t.there++; t.there == seats {
		t.there = 0
		t.course++
		t.full.Broadcast()
		return
	}
	for t.course == now {
		t.full.Wait()
	}
}

// Four have a meal together, and some come late to each course.
type unit struct {
	table  table
	called []chan bool
	served int
}

func newUnit() *unit {
	u := &unit{}
	u.table.full = sync.NewCond(&u.table)
	for i := range 3 {
		called := make(chan bool, 1)
		u.called = append(u.called, called)
		go func() {
			for range called {
				time.Sleep(time.Duration(i*4) * time.Millisecond)
				u.table.sit(4)
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	for _, called := range u.called {
		called <- true
	}
	u.table.sit(4)
	u.served++
}

func (u *unit) end() {
	for _, called := range u.called {
		close(called)
	}
}
