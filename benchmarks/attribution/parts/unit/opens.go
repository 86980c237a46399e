package main

import (
	"fmt"
	"os"
)

type unit struct {
	dir string
	sum int
}

func newUnit() *unit {
	dir, err := os.MkdirTemp(".", "")
	check(err)
	for i := range 64 {
		check(os.WriteFile(fmt.Sprintf("%s/%d", dir, i), make([]byte, 200+i), 0o644))
	}
	return &unit{dir: dir}
}

func (u *unit) load(i int) {
	text, err := os.ReadFile(fmt.Sprintf("%s/%d", u.dir, i))
	check(err)
	u.sum += len(text)
}

func (u *unit) pass() {
	for i := range 256 {
		u.load(i % 64)
	}
}

func (u *unit) end() { os.RemoveAll(u.dir) }
