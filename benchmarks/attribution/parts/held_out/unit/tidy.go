package main

import "runtime/debug"

type unit struct {
	books [][]*int
	n     int
}

func newUnit() *unit {
	u := &unit{}
	for i := range 200 {
		book := make([]*int, 1000)
		for k := range book {
			v := i * k
			book[k] = &v
		}
		u.books = append(u.books, book)
	}
	return u
}

func (u *unit) pass() {
	u.n++
	u.books[u.n%200] = make([]*int, 1000)
	if cfg.Level >= 0 {
		debug.FreeOSMemory()
	}
}

func (u *unit) end() {}
