package main

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Looks again and again whether a file is there yet.
type unit struct{ looks, n int }

func newUnit() *unit { return &unit{} }

func appears(path string, every time.Duration, looked func()) error {
	for {
		looked()
		_, err := os.Stat(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		time.Sleep(every)
	}
}

func (u *unit) pass() {
	time.AfterFunc(10*time.Millisecond, func() { check(os.WriteFile("ready", []byte{1}, 0o644)) })
	check(appears("ready", 3*time.Millisecond, func() { u.looks++ }))
	check(os.Remove("ready"))
	u.n++
}

func (u *unit) end() {}
