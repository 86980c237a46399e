package main

import (
	"encoding/binary"
	"io"
	"os"
	"syscall"
)

const card = 4 << 10

// A box of cards in which each card names a drawer, and in the drawer lies one that says where the thing itself is kept.
type unit struct {
	file  *os.File
	cards uint64
	at    uint64
	room  [card]byte
	sum   uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	return &unit{file: file, cards: uint64(info.Size()) / card, at: uint64(began.Nanosecond())}
}

func (u *unit) card(at uint64) (uint64, error) {
	drawer := io.NewSectionReader(u.file, int64(at%u.cards*card), card)
	if _, err := io.ReadFull(drawer, u.room[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(u.room[at%500*8:]), nil
}

func (u *unit) pass() {
	for range 8 {
		for range 3 {
			u.at += 27644437 // which leads to each card once
			word, err := u.card(u.at)
			check(err)
			u.sum ^= word + u.at
		}
	}
}

func (u *unit) end() { u.file.Close() }
