package main

import (
	"os/exec"
	"strconv"
)

type report struct {
	text []byte
	err  error
}

// Sends four out, two at a time, and hears what each has to report.
type unit struct {
	orders chan int
	heard  chan report
	size   int
}

func newUnit() *unit {
	u := &unit{orders: make(chan int, 4), heard: make(chan report, 4)}
	for range 2 {
		go func() {
			for n := range u.orders {
				text, err := exec.Command("expr", strconv.Itoa(n), "+", "7").Output()
				u.heard <- report{text, err}
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	for n := range cap(u.orders) {
		u.orders <- n + u.size
	}
	for range cap(u.orders) {
		r := <-u.heard
		check(r.err)
		u.size += len(r.text)
	}
}

func (u *unit) end() { close(u.orders) }
