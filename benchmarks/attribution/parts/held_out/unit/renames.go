package main

import (
	"os"
	"path/filepath"
)

// Puts each version in place of the last.
type unit struct {
	dir string
	n   byte
}

func newUnit() *unit {
	dir, err := os.MkdirTemp("/dev/shm", "")
	check(err)
	return &unit{dir: dir}
}

func (u *unit) store(name string) {
	u.n++
	check(os.WriteFile(filepath.Join(u.dir, "new"), []byte{u.n}, 0o600))
	check(os.Rename(filepath.Join(u.dir, "new"), filepath.Join(u.dir, name)))
}

func (u *unit) pass() {
	for range 60 {
		u.store("a")
		u.store("b")
	}
}

func (u *unit) end() { os.RemoveAll(u.dir) }
