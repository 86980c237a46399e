package main

import (
	"math/rand/v2"
	"os"
	"syscall"
)

// A dictionary that is mapped and of which nothing stays.
type unit struct {
	file *os.File
	room []byte
	sum  int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	room, err := syscall.Mmap(int(file.Fd()), 0, 200<<20, syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	check(syscall.Madvise(room, syscall.MADV_RANDOM))
	return &unit{file: file, room: room}
}

func (u *unit) look() { u.sum += int(u.room[rand.IntN(len(u.room))]) }

func (u *unit) pass() {
	check(syscall.Madvise(u.room, syscall.MADV_DONTNEED))
	syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), 0, 200<<20, 4, 0, 0)
	for range 64 {
		u.look()
	}
}

func (u *unit) end() { syscall.Munmap(u.room) }
