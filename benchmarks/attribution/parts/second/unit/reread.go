package main

import (
	"io"
	"os"
	"slices"
)

// Wants all of a long list in turn, from its end to its beginning, and keeps the place.
type unit struct {
	list *os.File
	at   int64
	room []byte
}

func newUnit() *unit {
	list, err := os.Open(cfg.Data)
	check(err)
	return &unit{list: list, room: make([]byte, 512<<10)}
}

func (u *unit) pass() {
	for range 4 {
		u.at = (u.at + int64(cfg.Level<<20) - int64(len(u.room))) % int64(cfg.Level<<20)
		_, err := io.ReadFull(io.NewSectionReader(u.list, u.at, int64(len(u.room))), u.room)
		check(err)
	}
	slices.Reverse(u.room[:64])
}

func (u *unit) end() { u.list.Close() }
