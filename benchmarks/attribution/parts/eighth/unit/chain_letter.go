package main

import (
	"encoding/binary"
	"hash/crc32"
	"os"
)

// Every line of a letter is signed with the one before, and lies safe before the next is written; a full sheet gives way to a new one.
type unit struct {
	sheet *os.File
	size  int
	sign  uint32
	line  [128]byte
}

func newUnit() *unit {
	u := &unit{}
	check(u.turn())
	return u
}

func (u *unit) turn() error {
	if u.sheet != nil {
		if err := u.sheet.Close(); err != nil {
			return err
		}
		if err := os.Remove(u.sheet.Name()); err != nil {
			return err
		}
	}
	var err error
	u.sheet, err = os.CreateTemp(".", "sheet")
	u.size = 0
	return err
}

func (u *unit) write(n int) error {
	binary.BigEndian.PutUint32(u.line[:], u.sign)
	binary.BigEndian.PutUint64(u.line[4:], uint64(n))
	u.sign = crc32.ChecksumIEEE(u.line[:])
	n, err := u.sheet.Write(u.line[:])
	if err != nil {
		return err
	}
	u.size += n
	return u.sheet.Sync()
}

func (u *unit) pass() {
	for i := range 3 {
		check(u.write(i))
	}
	if u.size > 64<<10 {
		check(u.turn())
	}
}

func (u *unit) end() {
	u.sheet.Close()
	os.Remove(u.sheet.Name())
}
