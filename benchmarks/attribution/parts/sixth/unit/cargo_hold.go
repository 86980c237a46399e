package main

import (
	"os"
	"syscall"
)

// hold takes cargo in holds of one size, and each is shut when it is full.
type hold struct {
	file *os.File
	at   int64
	from int64
}

func (h *hold) shut() error {
	const all = 1 | 2 | 4 // wait for what is on its way, write the rest, wait for that
	_, _, errno := syscall.Syscall6(syscall.SYS_SYNC_FILE_RANGE, h.file.Fd(), uintptr(h.from), uintptr(h.at-h.from), all, 0, 0)
	h.from = h.at
	if h.at >= 32<<20 {
		h.at, h.from = 0, 0
	}
	if errno != 0 {
		return errno
	}
	return nil
}

func (h *hold) load(text []byte, size int64) error {
	n, err := h.file.WriteAt(text, h.at)
	if h.at += int64(n); err == nil && h.at-h.from >= size {
		err = h.shut()
	}
	return err
}

type unit struct {
	hold  hold
	crate [16 << 10]byte
}

func newUnit() *unit {
	file, err := os.Create("cargo")
	check(err)
	check(syscall.Fallocate(int(file.Fd()), 0, 0, 33<<20))
	return &unit{hold: hold{file: file}}
}

func (u *unit) pass() {
	for i := range 16 {
		u.crate[i*1000]++
		check(u.hold.load(u.crate[:], 64<<10))
	}
}

func (u *unit) end() { u.hold.file.Close(); os.Remove("cargo") }
