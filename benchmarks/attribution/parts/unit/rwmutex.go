package main

import (
	"os"
	"sync"
)

// Settings are written through to their file under the writer's lock; readers want them meanwhile.
type unit struct {
	mu     sync.RWMutex
	ask    chan struct{}
	ready  chan struct{}
	values map[int]int
	file   *os.File
	sum    int
}

func newUnit() *unit {
	file, err := os.CreateTemp(".", "")
	check(err)
	u := &unit{ask: make(chan struct{}, 1), ready: make(chan struct{}), values: map[int]int{}, file: file}
	go u.change()
	return u
}

func (u *unit) change() {
	for range u.ask {
		u.mu.Lock()
		u.ready <- struct{}{}
		for i := range 60 {
			u.values[i]++
			u.file.WriteAt([]byte("value\n"), int64(i*8))
			u.file.Sync()
		}
		u.mu.Unlock()
	}
}

func (u *unit) value(i int) int {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.values[i%60]
}

func (u *unit) pass() {
	u.ask <- struct{}{}
	<-u.ready
	for i := range 30 {
		u.sum += u.value(i)
	}
}

func (u *unit) end() { close(u.ask); os.Remove(u.file.Name()) }
