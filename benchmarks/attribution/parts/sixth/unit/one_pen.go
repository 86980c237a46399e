package main

import (
	"fmt"
	"os"
)

type order struct {
	text string
	done chan<- error
}

// There is one pen, and what it writes lasts.
type unit struct {
	orders chan order
	file   *os.File
	n      int
}

func newUnit() *unit {
	file, err := os.OpenFile("orders.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(err)
	u := &unit{orders: make(chan order), file: file}
	go u.pen()
	return u
}

func (u *unit) pen() {
	for o := range u.orders {
		_, err := fmt.Fprintln(u.file, o.text)
		if err == nil {
			err = u.file.Sync()
		}
		o.done <- err
	}
}

func (u *unit) pass() {
	done := make(chan error, 1)
	for range 3 {
		u.n++
		u.orders <- order{fmt.Sprintf("order %d, of something, for somebody", u.n), done}
		check(<-done)
	}
}

func (u *unit) end() { close(u.orders); u.file.Close() }
