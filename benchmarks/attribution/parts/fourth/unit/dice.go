package main

import (
	"encoding/binary"
	"io"
	"os"
)

// Throws dice that nobody can foresee.
type unit struct {
	cup    *os.File
	thrown [64 << 10]byte
	eyes   [6]int
}

func newUnit() *unit {
	cup, err := os.Open("/dev/urandom")
	check(err)
	return &unit{cup: cup}
}

func (u *unit) throw() error {
	if _, err := io.ReadFull(u.cup, u.thrown[:]); err != nil {
		return err
	}
	u.eyes[binary.LittleEndian.Uint32(u.thrown[:])%6]++
	return nil
}

func (u *unit) pass() {
	for range 12 {
		check(u.throw())
	}
}

func (u *unit) end() { u.cup.Close() }
