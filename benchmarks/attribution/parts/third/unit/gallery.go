package main

import (
	"io"
	"os"
)

// Goes through pictures that were just looked at.
type unit struct {
	album *os.File
	room  []byte
	sum   int64
}

func newUnit() *unit {
	check(os.WriteFile("album", make([]byte, 6<<20), 0o644))
	album, err := os.Open("album")
	check(err)
	return &unit{album: album, room: make([]byte, 1<<20)}
}

func (u *unit) look(at int64) {
	n, err := u.album.ReadAt(u.room, at)
	if err != io.EOF {
		check(err)
	}
	u.sum += int64(n) + int64(u.room[at&1023])
}

func (u *unit) pass() {
	for at := range int64(6) {
		u.look(at << 20)
	}
}

func (u *unit) end() { u.album.Close() }
