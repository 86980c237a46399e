package main

import (
	"bytes"
	"fmt"
	"os/exec"
)

// Has lines put in order by a tool.
type unit struct {
	lines bytes.Buffer
	n     int
}

func newUnit() *unit {
	u := &unit{}
	for i := range 20000 {
		fmt.Fprintln(&u.lines, i*7919%65521)
	}
	return u
}

func (u *unit) pass() {
	tool := exec.Command("sort", "-n")
	tool.Stdin = bytes.NewReader(u.lines.Bytes())
	out, err := tool.Output()
	check(err)
	u.n += len(out)
}

func (u *unit) end() {}
