package main

import (
	"os"
)

// Lines go to one who files them safely, one after the other; the hall before his door is small.
type unit struct {
	lines chan []byte
	done  chan struct{}
	n     byte
}

func newUnit() *unit {
	u := &unit{lines: make(chan []byte), done: make(chan struct{})}
	go u.clerk()
	return u
}

func (u *unit) clerk() {
	file, err := os.CreateTemp(".", "")
	check(err)
	for line := range u.lines {
		for range 8 {
			file.Write(line)
			file.Sync()
		}
	}
	file.Close()
	os.Remove(file.Name())
	close(u.done)
}

func (u *unit) pass() {
	u.n++
	for range 6 {
		u.lines <- []byte{'a', u.n, '\n'}
	}
}

func (u *unit) end() { close(u.lines); <-u.done }
