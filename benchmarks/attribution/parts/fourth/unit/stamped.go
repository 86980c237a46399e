package main

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// stamp is a writer whose every write is where it belongs when it returns.
type stamp struct {
	file *os.File
	at   int64
}

func (s *stamp) Write(text []byte) (int, error) {
	const atOnce = 2 // RWF_DSYNC
	lot := syscall.Iovec{Base: &text[0], Len: uint64(len(text))}
	n, _, errno := syscall.Syscall6(328, s.file.Fd(), uintptr(unsafe.Pointer(&lot)), 1, uintptr(s.at), 0, atOnce) // pwritev2
	if errno != 0 {
		return 0, errno
	}
	s.at = (s.at + int64(n)) % (6 << 20)
	return int(n), nil
}

type unit struct {
	to   io.Writer
	file *os.File
	text [96 << 10]byte
}

func newUnit() *unit {
	file, err := os.Create("stamped")
	check(err)
	_, err = file.Write(make([]byte, 7<<20))
	check(err)
	check(file.Sync())
	return &unit{to: &stamp{file: file}, file: file}
}

func (u *unit) pass() {
	for i := range 4 {
		u.text[i*999]++
		_, err := u.to.Write(u.text[:])
		check(err)
	}
}

func (u *unit) end() { u.file.Close() }
