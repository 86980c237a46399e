package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// Letters are written elsewhere and come into their pigeonhole only when they are whole, and safe.
type unit struct {
	n int
}

func newUnit() *unit {
	for _, name := range []string{"tmp", "new", "cur"} {
		check(os.MkdirAll(filepath.Join("holes", name), 0o755))
	}
	return &unit{}
}

func (u *unit) put(name, text string) error {
	draft := filepath.Join("holes", "tmp", name)
	file, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Link(draft, filepath.Join("holes", "new", name)); err != nil {
		return err
	}
	return os.Remove(draft)
}

func (u *unit) pass() {
	for range 2 {
		u.n++
		check(u.put(fmt.Sprintf("%d.here", u.n), "All is well here. How is it there?\n"))
		if u.n > 20 {
			check(os.Remove(filepath.Join("holes", "new", fmt.Sprintf("%d.here", u.n-20))))
		}
	}
}

func (u *unit) end() {}
