package main

import (
	"os"
	"syscall"
)

// Makes a draft, and looks things up in a book for it.
type unit struct {
	book *os.File
	page []byte
	sum  int
}

func newUnit() *unit {
	book, err := os.Open(cfg.Data)
	check(err)
	return &unit{book: book, page: make([]byte, 64<<10)}
}

func (u *unit) draft(size int) {
	room, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	check(syscall.Madvise(room, syscall.MADV_HUGEPAGE))
	for at := 0; at < size; at += 4096 {
		room[at] = byte(at >> 13)
	}
	u.sum += int(room[size/2])
	check(syscall.Munmap(room))
}

func (u *unit) lookUp(size int) {
	for at := 0; at < size; at += len(u.page) {
		n, err := u.book.ReadAt(u.page, int64(at))
		check(err)
		u.sum += n
	}
}

func (u *unit) pass() {
	u.lookUp(cfg.Level << 20)
	u.draft(28 << 20)
}

func (u *unit) end() { u.book.Close() }
