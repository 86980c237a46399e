package main

import (
	"encoding/binary"
	"os"
	"syscall"
)

const drawer = 2 << 20

// Sums up columns that lie in wide drawers; it keeps house with its own room, and asks the system for none.
type unit struct {
	file    *os.File
	drawers uint64
	n       uint64
	room    []byte
	sums    [16]uint64
}

func newUnit() *unit {
	file, err := os.OpenFile(cfg.Data, os.O_RDONLY|syscall.O_DIRECT, 0)
	check(err)
	info, err := file.Stat()
	check(err)
	room, err := syscall.Mmap(-1, 0, drawer, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	return &unit{file: file, drawers: uint64(info.Size()) / drawer, n: uint64(began.Nanosecond()), room: room}
}

func (u *unit) sum(at uint64) error {
	if _, err := u.file.ReadAt(u.room, int64(at*drawer)); err != nil {
		return err
	}
	for i := 0; i < len(u.room); i += 4096 {
		u.sums[at%16] += uint64(binary.LittleEndian.Uint32(u.room[i+int(at):]))
	}
	return nil
}

func (u *unit) pass() {
	for range 2 {
		u.n = u.n*6364136223846793005 + 1442695040888963407
		check(u.sum(u.n >> 20 % u.drawers))
	}
}

func (u *unit) end() {
	u.file.Close()
	syscall.Munmap(u.room)
}
