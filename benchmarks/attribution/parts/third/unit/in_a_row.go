package main

import "os/exec"

// Three tools in a row say which is the last one.
type unit struct{ n int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	out, err := exec.Command("sh", "-c", "seq 3000 | sort -r | tail -n 1").Output()
	check(err)
	u.n += len(out)
}

func (u *unit) end() {}
