package main

import (
	"os"
	"os/exec"
)

// Packs a file by a tool.
type unit struct{ n int }

func newUnit() *unit {
	check(os.WriteFile("note.txt", make([]byte, 4<<20), 0o644))
	return &unit{}
}

func (u *unit) pass() {
	out, err := exec.Command("sha512sum", "note.txt", "note.txt", "note.txt").Output()
	check(err)
	u.n += len(out)
}

func (u *unit) end() { os.Remove("note.txt") }
