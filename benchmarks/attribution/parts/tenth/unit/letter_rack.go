package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// A rack for letters: each is written out aside, put where it belongs, and not spoken of before both are certain.
type unit struct {
	rack string
	rows *os.File
	n    int
}

func newUnit() *unit {
	rack, err := os.MkdirTemp(".", "rack")
	check(err)
	for _, row := range []string{"tmp", "new"} {
		check(os.Mkdir(filepath.Join(rack, row), 0o755))
	}
	rows, err := os.Open(filepath.Join(rack, "new"))
	check(err)
	return &unit{rack: rack, rows: rows}
}

func (u *unit) deliver(name string, text []byte) error {
	aside := filepath.Join(u.rack, "tmp", name)
	file, err := os.Create(aside)
	if err != nil {
		return err
	}
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(aside, filepath.Join(u.rack, "new", name)); err != nil {
		return err
	}
	return u.rows.Sync()
}

func (u *unit) pass() {
	u.n++
	text := fmt.Appendf(nil, "Subject: letter %d\n\nThere is nothing new, and %d of it.\n", u.n, u.n*7)
	check(u.deliver(fmt.Sprintf("%d.letter", u.n%40), text))
}

func (u *unit) end() {
	u.rows.Close()
	os.RemoveAll(u.rack)
}
