package main

import "syscall"

// Leaves itself a word and picks it up again.
type unit struct {
	ends [2]int
	word [64]byte
	sum  int
}

func newUnit() *unit {
	u := &unit{}
	check(syscall.Pipe(u.ends[:]))
	return u
}

func (u *unit) leave() {
	u.word[0]++
	_, err := syscall.Write(u.ends[1], u.word[:])
	check(err)
}

func (u *unit) pickUp() {
	n, err := syscall.Read(u.ends[0], u.word[:])
	check(err)
	u.sum += n
}

func (u *unit) pass() {
	for range 700 {
		u.leave()
		u.pickUp()
	}
}

func (u *unit) end() {}
