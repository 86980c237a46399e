package main

import (
	"os"
	"syscall"
)

type unit struct {
	file *os.File
	page [16 << 10]byte
	at   int64
}

func newUnit() *unit {
	file, err := os.CreateTemp(".", "")
	check(err)
	return &unit{file: file}
}

// keep writes a page over an old one.
func (u *unit) keep() {
	u.page[u.at%100]++
	_, err := u.file.WriteAt(u.page[:], u.at%64*int64(len(u.page)))
	check(err)
	u.at += 7
	check(syscall.Fdatasync(int(u.file.Fd())))
}

func (u *unit) pass() {
	for range 15 {
		u.keep()
	}
}

func (u *unit) end() { u.file.Close(); os.Remove(u.file.Name()) }
