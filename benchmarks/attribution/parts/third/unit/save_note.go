package main

import "os"

// A note takes the place of the last one only when it is whole.
type unit struct {
	folder *os.File
	text   [900]byte
}

func newUnit() *unit {
	folder, err := os.Open(".")
	check(err)
	return &unit{folder: folder}
}

func (u *unit) pass() {
	u.text[3]++
	file, err := os.CreateTemp(".", "note")
	check(err)
	_, err = file.Write(u.text[:])
	check(err)
	check(file.Sync())
	check(file.Close())
	check(os.Rename(file.Name(), file.Name()[:6]))
	check(u.folder.Sync())
}

func (u *unit) end() { u.folder.Close() }
