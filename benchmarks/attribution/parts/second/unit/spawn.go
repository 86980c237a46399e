package main

import "os"

// Sets off a tool and waits until it is through.
type unit struct{ times int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	process, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "i=0; while [ $i -lt 6000 ]; do i=$((i+1)); done"}, &os.ProcAttr{})
	check(err)
	state, err := process.Wait()
	check(err)
	if state.Success() {
		u.times++
	}
}

func (u *unit) end() {}
