package main

import (
	"bytes"
	"os"
)

// Looks at itself from all sides.
type unit struct {
	seen bytes.Buffer
	size int
}

func newUnit() *unit { return &unit{} }

func (u *unit) look(side string) error {
	file, err := os.Open("/proc/self/" + side)
	if err != nil {
		return err
	}
	defer file.Close()
	u.seen.Reset()
	n, err := u.seen.ReadFrom(file)
	u.size += int(n)
	return err
}

func (u *unit) pass() {
	for range 6 {
		for _, side := range []string{"smaps_rollup", "smaps", "stat", "status"} {
			check(u.look(side))
		}
	}
}

func (u *unit) end() {}
