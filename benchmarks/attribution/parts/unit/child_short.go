package main

import "os/exec"

// Asks a tool again and again.
type unit struct{ n int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	for range 4 {
		out, err := exec.Command("uname", "-r").Output()
		check(err)
		u.n += len(out)
	}
}

func (u *unit) end() {}
