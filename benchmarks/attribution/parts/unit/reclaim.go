package main

import (
	"os"
)

// The set that is gone over again and again is larger than what fits beside the rest.
type unit struct {
	file *os.File
	room []byte
	at   int64
	sum  uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	return &unit{file: file, room: make([]byte, 256<<10)}
}

func (u *unit) load() {
	_, err := u.file.ReadAt(u.room, u.at%int64(cfg.Level<<20))
	check(err)
	u.at += int64(len(u.room))
	u.sum += uint64(u.room[u.at%1000])
}

func (u *unit) pass() {
	for range 16 {
		u.load()
	}
}

func (u *unit) end() { u.file.Close() }
