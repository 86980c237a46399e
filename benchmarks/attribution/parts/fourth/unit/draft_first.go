package main

import (
	"encoding/binary"
	"hash/crc32"
	"os"
)

const (
	sheets    = 128
	sheetSize = 2048
)

// A book whose sheets are changed only when what they were lies safe beside it.
type unit struct {
	book  *os.File
	sheet [sheetSize]byte
	n     uint32
}

func newUnit() *unit {
	book, err := os.Create("book.bin")
	check(err)
	_, err = book.Write(make([]byte, sheets*sheetSize))
	check(err)
	check(book.Sync())
	return &unit{book: book}
}

func (u *unit) keepOld(at int64) (err error) {
	var old [sheetSize + 12]byte
	if _, err = u.book.ReadAt(old[12:], at); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(old[:], uint64(at))
	binary.LittleEndian.PutUint32(old[8:], crc32.ChecksumIEEE(old[12:]))
	before, err := os.OpenFile("book.old", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closed := before.Close(); err == nil {
			err = closed
		}
	}()
	if _, err = before.Write(old[:]); err != nil {
		return err
	}
	return before.Sync()
}

func (u *unit) change(at int64, f func(sheet []byte)) error {
	if err := u.keepOld(at); err != nil {
		return err
	}
	if _, err := u.book.ReadAt(u.sheet[:], at); err != nil {
		return err
	}
	f(u.sheet[:])
	if _, err := u.book.WriteAt(u.sheet[:], at); err != nil {
		return err
	}
	if err := u.book.Sync(); err != nil {
		return err
	}
	return os.Remove("book.old")
}

func (u *unit) pass() {
	for range 2 {
		u.n = u.n*1664525 + 1013904223
		check(u.change(int64(u.n>>20%sheets)*sheetSize, func(sheet []byte) { sheet[u.n>>8%sheetSize]++ }))
	}
}

func (u *unit) end() { u.book.Close() }
