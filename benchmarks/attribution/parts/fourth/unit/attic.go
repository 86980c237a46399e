package main

import (
	"runtime"
	"sync/atomic"
)

// Others tidy the attic all along; whoever has to do something small asks them to let him pass.
type unit struct {
	on   atomic.Bool
	wake []chan bool
	dust [16 * 16]uint64
	v    uint64
}

func newUnit() *unit {
	runtime.GOMAXPROCS(1)
	u := &unit{}
	for i := range cfg.Level {
		u.wake = append(u.wake, make(chan bool, 1))
		go u.tidy(&u.dust[i*16], u.wake[i])
	}
	return u
}

func (u *unit) tidy(dust *uint64, wake <-chan bool) {
	for range wake {
		for u.on.Load() {
			for k := range uint64(400_000) {
				*dust = *dust*2862933555777941757 + k
			}
			runtime.Gosched()
		}
	}
}

func (u *unit) pass() {
	u.on.Store(true)
	for _, wake := range u.wake {
		select {
		case wake <- true:
		default: // has not stopped yet
		}
	}
	for range 4 {
		runtime.Gosched()
		for k := range uint64(400_000) {
			u.v = u.v*6364136223846793005 + k
		}
	}
	u.on.Store(false)
}

func (u *unit) end() {
	for _, wake := range u.wake {
		close(wake)
	}
}
