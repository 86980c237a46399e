package main

/*
static volatile int going;
static void go_on(int yes) { going = yes; }
static unsigned grind(unsigned v) {
	while (going)
		for (int i = 0; i < 8000; i++) v = v * 1664525u + 1013904223u;
	return v;
}
*/
import "C"

import "sync/atomic"

// Others grind in the mill while one writes down what there was.
type unit struct {
	begin chan C.unsigned
	sum   uint64
	total atomic.Uint64
}

func newUnit() *unit {
	u := &unit{begin: make(chan C.unsigned, cfg.Level)}
	for range cfg.Level {
		go func() {
			for v := range u.begin {
				u.total.Add(uint64(C.grind(v)))
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	C.go_on(1)
	for i := range cfg.Level {
		select {
		case u.begin <- C.unsigned(i):
		default: // all are still at it
		}
	}
	for k := range uint64(3_000_000) {
		u.sum = u.sum*6364136223846793005 + k
	}
	C.go_on(0)
}

func (u *unit) end() { close(u.begin) }
