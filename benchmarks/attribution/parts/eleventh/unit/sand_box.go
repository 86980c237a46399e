package main

import (
	"syscall"
	"unsafe"
)

const heap = 64 << 10

// Heaps sand up in a box, and levels it again.
type unit struct {
	box  int
	sand []byte
	n    int64
}

func newUnit() *unit {
	name := []byte("box\x00")
	box, _, wrong := syscall.Syscall(319, uintptr(unsafe.Pointer(&name[0])), 1, 0) // memfd_create, close on exec
	if wrong != 0 {
		check(wrong)
	}
	return &unit{box: int(box), sand: make([]byte, heap)}
}

func (u *unit) heaped(at int64) error {
	if _, err := syscall.Pwrite(u.box, u.sand, at); err != nil {
		return err
	}
	return syscall.Fallocate(u.box, 3, at, heap) // a hole, of the same size
}

func (u *unit) pass() {
	for range 60 {
		u.n++
		check(u.heaped(u.n * 7 % 40 * heap))
	}
}

func (u *unit) end() { syscall.Close(u.box) }
