package main

import (
	"sync"
	"time"
)

type cloth struct{ ells, dips int }

// Brings cloth to whichever of two dyers can take it; each dips it, and hangs it up before he takes the next.
type unit struct {
	blue, red chan *cloth
	both      sync.WaitGroup
	row       []*cloth
	n         int
}

func newUnit() *unit {
	u := &unit{blue: make(chan *cloth), red: make(chan *cloth)}
	for i := range 16 {
		u.row = append(u.row, &cloth{ells: i})
	}
	u.both.Go(func() { u.dye(u.blue, 23*time.Millisecond) })
	u.both.Go(func() { u.dye(u.red, 29*time.Millisecond) })
	return u
}

func (u *unit) dye(vat <-chan *cloth, hangs time.Duration) {
	for c := range vat {
		c.dips++
		time.Sleep(hangs)
	}
}

func (u *unit) pass() {
	c := u.row[u.n%len(u.row)]
	u.n++
	select {
	case u.blue <- c:
	case u.red <- c:
	}
}

func (u *unit) end() {
	close(u.blue)
	close(u.red)
	u.both.Wait()
}
