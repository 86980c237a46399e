package main

import (
	"os"
	"sync"
)

// The day's book is put away safely now and then; nobody writes into it meanwhile.
type unit struct {
	mu    sync.Mutex
	book  []byte
	away  *os.File
	begin chan bool
	held  chan bool
}

func newUnit() *unit {
	away, err := os.Create("book")
	check(err)
	u := &unit{away: away, begin: make(chan bool, 1), held: make(chan bool), book: make([]byte, 600)}
	go func() {
		for range u.begin {
			u.putAway()
		}
	}()
	return u
}

func (u *unit) putAway() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held <- true
	for i := range 24 {
		_, err := u.away.WriteAt(u.book, int64(i*600))
		check(err)
		check(u.away.Sync())
	}
}

func (u *unit) enter(n byte) {
	u.mu.Lock()
	u.book[n]++
	u.mu.Unlock()
}

func (u *unit) pass() {
	u.begin <- true
	<-u.held
	for n := range byte(12) {
		u.enter(n)
	}
}

func (u *unit) end() { close(u.begin) }
