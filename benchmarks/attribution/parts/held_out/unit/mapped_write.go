package main

import (
	"os"
	"syscall"
	"unsafe"
)

type unit struct {
	cells []byte
	name  string
	n     int
}

func newUnit() *unit {
	file, err := os.CreateTemp(".", "")
	check(err)
	check(file.Truncate(1 << 20))
	cells, err := syscall.Mmap(int(file.Fd()), 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	check(err)
	return &unit{cells: cells, name: file.Name()}
}

func (u *unit) settle() {
	_, _, errno := syscall.Syscall(syscall.SYS_MSYNC, uintptr(unsafe.Pointer(&u.cells[0])), uintptr(len(u.cells)), 4)
	if errno != 0 {
		check(errno)
	}
}

func (u *unit) pass() {
	for range 10 {
		u.n = (u.n*5 + 4099) % len(u.cells)
		u.cells[u.n]++
		u.settle()
	}
}

func (u *unit) end() { syscall.Munmap(u.cells); os.Remove(u.name) }
