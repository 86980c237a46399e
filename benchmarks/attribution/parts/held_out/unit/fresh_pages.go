package main

import "syscall"

// Takes room for a picture, fills a little of each line, and gives it back.
type unit struct{ sum int }

func newUnit() *unit { return &unit{} }

func (u *unit) draw() {
	picture, err := syscall.Mmap(-1, 0, 4<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	for at := 0; at < len(picture); at += 4096 {
		picture[at] = byte(at >> 12)
		u.sum += int(picture[at])
	}
	check(syscall.Munmap(picture))
}

func (u *unit) pass() {
	for range 4 {
		u.draw()
	}
}

func (u *unit) end() {}
