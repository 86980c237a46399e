package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// A new name is there for good only when its folder is.
type unit struct {
	folder *os.File
	n      int
}

func newUnit() *unit {
	check(os.MkdirAll("names", 0o755))
	folder, err := os.Open("names")
	check(err)
	return &unit{folder: folder}
}

func (u *unit) pass() {
	u.n++
	path := filepath.Join("names", fmt.Sprint(u.n%9))
	if err := os.Symlink("nowhere", path); err != nil {
		check(os.Remove(path))
	}
	check(u.folder.Sync())
}

func (u *unit) end() { u.folder.Close() }
