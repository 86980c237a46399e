package main

import (
	"io"
	"os"
	"syscall"
)

// Carries a stretch of an archive over to where it is worked on.
type unit struct {
	from, to *os.File
	at       int64
	sum      int64
}

func newUnit() *unit {
	from, err := os.Open(cfg.Data)
	check(err)
	to, err := os.CreateTemp("/dev/shm", "")
	check(err)
	check(os.Remove(to.Name()))
	return &unit{from: from, to: to}
}

func (u *unit) pass() {
	const size = 1 << 20
	u.at = (u.at*5 + 41*size) % (240 * size)
	syscall.Syscall6(syscall.SYS_FADVISE64, u.from.Fd(), uintptr(u.at), size, 4, 0, 0)
	_, err := u.from.Seek(u.at, io.SeekStart)
	check(err)
	_, err = u.to.Seek(0, io.SeekStart)
	check(err)
	n, err := io.Copy(u.to, io.LimitReader(u.from, size))
	check(err)
	u.sum += n
}

func (u *unit) end() { u.from.Close(); u.to.Close() }
