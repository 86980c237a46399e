package main

import "runtime"

type page struct {
	next *page
	text [200]byte
}

// Gives back what was used after every batch.
type unit struct {
	pages *page
	n     int
}

func newUnit() *unit {
	u := &unit{}
	for range 60000 {
		u.pages = &page{next: u.pages}
	}
	return u
}

func (u *unit) batch() {
	room := make([][]byte, 50)
	for i := range room {
		room[i] = make([]byte, 500)
		u.n += len(room[i])
	}
}

func (u *unit) pass() {
	u.batch()
	if cfg.Level >= 0 {
		runtime.GC()
	}
}

func (u *unit) end() {}
