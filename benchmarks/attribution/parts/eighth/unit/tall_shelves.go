package main

import (
	"encoding/binary"
	"os"
	"syscall"
)

const leaf = 8 << 10

// Looks for a book by the signs on the shelves, of which each says where the next one stands.
type unit struct {
	file  *os.File
	leafs uint64
	page  [leaf]byte
	n     uint64
	sum   uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	return &unit{file: file, leafs: uint64(info.Size()) / leaf, n: uint64(began.Nanosecond())}
}

func (u *unit) sign(at, key uint64) (next uint64, err error) {
	if _, err := u.file.ReadAt(u.page[:], int64(at*leaf)); err != nil {
		return 0, err
	}
	word := binary.LittleEndian.Uint64(u.page[key%(leaf/8)*8:])
	return (word ^ key*0x9e3779b97f4a7c15 ^ at<<7) % u.leafs, nil
}

func (u *unit) pass() {
	syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), 0, 0, 4, 0, 0)
	for range 8 {
		u.n = u.n*6364136223846793005 + 1442695040888963407
		at := u.n >> 20 % u.leafs
		for range 4 {
			next, err := u.sign(at, u.n)
			check(err)
			at = next
		}
		u.sum += at
	}
}

func (u *unit) end() { u.file.Close() }
