package main

import (
	"os"
	"syscall"
)

// Blocks go out past whatever lies in between.
type unit struct {
	fd    int
	block []byte
	n     int64
}

func newUnit() *unit {
	check(os.WriteFile("blocks", make([]byte, 32<<20), 0o644))
	fd, err := syscall.Open("blocks", os.O_WRONLY|syscall.O_DIRECT, 0)
	check(err)
	check(syscall.Fsync(fd))
	block, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	return &unit{fd: fd, block: block}
}

func (u *unit) put(at int64) {
	u.block[at&4095]++
	_, err := syscall.Pwrite(u.fd, u.block, at<<20)
	check(err)
}

func (u *unit) pass() {
	u.n = (u.n*5 + 3) & 31
	u.put(u.n)
}

func (u *unit) end() { syscall.Close(u.fd) }
