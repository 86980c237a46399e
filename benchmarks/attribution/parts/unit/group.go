package main

import (
	"sync"
	"time"
)

// Several errands are run at once; it goes on when the last is back.
type unit struct {
	found [6]int
	n     int
}

func newUnit() *unit { return &unit{} }

func (u *unit) errand(i int) {
	time.Sleep(time.Duration(2+2*i) * time.Millisecond)
	u.found[i] += u.n
}

func (u *unit) pass() {
	var all sync.WaitGroup
	for i := range u.found {
		all.Add(1)
		go func() {
			defer all.Done()
			u.errand(i)
		}()
	}
	all.Wait()
	u.n++
}

func (u *unit) end() {}
