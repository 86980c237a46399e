package main

import (
	"encoding/binary"
	"hash/crc32"
	"os"
)

const slate = 128 << 10

// What counts stands on one of two slates; the other is written, and only then a mark is made which of them it is.
type unit struct {
	file  *os.File
	chalk [slate]byte
	n     uint64
}

func newUnit() *unit {
	file, err := os.CreateTemp(".", "slates")
	check(err)
	u := &unit{file: file}
	for i := range 3 {
		_, err := file.WriteAt(u.chalk[:], int64(i*slate))
		check(err)
	}
	check(file.Sync())
	return u
}

func (u *unit) safe(at int64) error {
	if _, err := u.file.WriteAt(u.chalk[:], at); err != nil {
		return err
	}
	return u.file.Sync()
}

func (u *unit) write() error {
	u.n++
	binary.BigEndian.PutUint64(u.chalk[8:], u.n*u.n)
	binary.BigEndian.PutUint32(u.chalk[:], crc32.ChecksumIEEE(u.chalk[8:]))
	if err := u.safe(slate * int64(1+u.n%2)); err != nil {
		return err
	}
	binary.BigEndian.PutUint64(u.chalk[16:], 1+u.n%2)
	return u.safe(0)
}

func (u *unit) pass() { check(u.write()) }

func (u *unit) end() {
	u.file.Close()
	os.Remove(u.file.Name())
}
