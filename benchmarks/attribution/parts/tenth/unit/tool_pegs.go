package main

import (
	"os"
	"os/exec"
)

// Takes a peg before it begins, as all in the house do who share the tools; a porter hangs the pegs up.
type unit struct {
	porter *exec.Cmd
	pegs   *os.File
	taken  [1]byte
	n      int
}

func newUnit() *unit {
	pegs, hangs, err := os.Pipe()
	check(err)
	u := &unit{pegs: pegs, porter: exec.Command("sh", "-c", "while sleep 0.011; do printf + || exit; done")}
	u.porter.Stdout = hangs
	check(u.porter.Start())
	check(hangs.Close())
	return u
}

func (u *unit) pass() {
	_, err := u.pegs.Read(u.taken[:])
	check(err)
	u.n += int(u.taken[0] & 1)
}

func (u *unit) end() {
	u.porter.Process.Kill()
	u.porter.Wait()
	u.pegs.Close()
}
