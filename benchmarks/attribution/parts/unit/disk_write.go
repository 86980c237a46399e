package main

import (
	"os"
	"syscall"
	"unsafe"
)

type unit struct {
	file *os.File
	page []byte
	at   int64
}

func newUnit() *unit {
	made, err := os.CreateTemp(".", "pages")
	check(err)
	made.Close()
	file, err := os.OpenFile(made.Name(), os.O_RDWR|syscall.O_DIRECT, 0o644)
	check(err)
	check(file.Truncate(16 << 20))
	room := make([]byte, 128<<10)
	skip := 4096 - int(uintptr(unsafe.Pointer(&room[0]))%4096)
	return &unit{file: file, page: room[skip : skip+64<<10]}
}

func (u *unit) put() {
	u.page[u.at%100]++
	u.at = (u.at*5 + 3) % 256
	_, err := u.file.WriteAt(u.page, u.at<<16)
	check(err)
}

func (u *unit) pass() {
	for range 24 {
		u.put()
	}
}

func (u *unit) end() { u.file.Close(); os.Remove(u.file.Name()) }
