package main

import (
	"runtime"
	"sync"
)

// A monitor that writes down what everybody is at.
type unit struct {
	gate sync.WaitGroup
	text []byte
	n    int
}

func newUnit() *unit {
	u := &unit{text: make([]byte, 1<<20)}
	u.gate.Add(1)
	for range 300 {
		go u.gate.Wait()
	}
	return u
}

func (u *unit) pass() {
	for range 5 {
		u.n += runtime.Stack(u.text, true)
	}
}

func (u *unit) end() { u.gate.Done() }
