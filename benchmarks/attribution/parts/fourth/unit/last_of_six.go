package main

import (
	"sync"
	"time"
)

// Six go for a walk; five are quick.
type unit struct {
	steps [6]uint64
	walks int
}

func newUnit() *unit { return &unit{} }

func (u *unit) walk(i int) {
	for k := range uint64(2000) {
		u.steps[i] = u.steps[i]*2862933555777941757 + k
	}
	if i == u.walks%len(u.steps) {
		time.Sleep(11 * time.Millisecond)
	}
}

func eachOf[T any](all []T, f func(int)) {
	var home sync.WaitGroup
	for i := range all {
		home.Go(func() { f(i) })
	}
	home.Wait()
}

func (u *unit) pass() {
	eachOf(u.steps[:], u.walk)
	u.walks++
}

func (u *unit) end() {}
