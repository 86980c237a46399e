package main

import "os"

// Has somebody else look at the clock.
type unit struct{ times int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	other, err := os.StartProcess("/bin/sleep", []string{"sleep", "0.012"}, &os.ProcAttr{})
	check(err)
	state, err := other.Wait()
	check(err)
	u.times += state.Pid() & 1
}

func (u *unit) end() {}
