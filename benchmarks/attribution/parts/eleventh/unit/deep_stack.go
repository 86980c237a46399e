package main

import (
	"encoding/binary"
	"os"
	"syscall"
)

const (
	sheet = 2 << 20
	deep  = 3
)

// Looks things up in a deep stack of sheets, each of which says where to go on; only one sheet is ever at hand.
type unit struct {
	fd    int
	room  []byte
	among uint64
	key   uint64
	sum   uint64
}

func newUnit() *unit {
	fd, err := syscall.Open(cfg.Data, os.O_RDONLY|syscall.O_DIRECT, 0)
	check(err)
	var info syscall.Stat_t
	check(syscall.Fstat(fd, &info))
	room, err := syscall.Mmap(-1, 0, sheet, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	return &unit{fd: fd, room: room, among: uint64(info.Size) / sheet, key: uint64(began.UnixNano())}
}

func (u *unit) find(key uint64) (v uint64, err error) {
	for at, level := key%u.among, 0; level < deep; level++ {
		if _, err := syscall.Pread(u.fd, u.room, int64(at*sheet)); err != nil {
			return 0, err
		}
		v = binary.LittleEndian.Uint64(u.room[key>>8%(sheet-8):])
		at = (v ^ key>>(7*level)) * 0x9e3779b97f4a7c15 >> 30 % u.among
	}
	return v, nil
}

func (u *unit) pass() {
	u.key = u.key*6364136223846793005 + 1442695040888963407
	v, err := u.find(u.key)
	check(err)
	u.sum += v
}

func (u *unit) end() {
	syscall.Close(u.fd)
	syscall.Munmap(u.room)
}
