package main

import "syscall"

// Memory is taken and given back, while a file's pages are held on to.
type unit struct {
	pages []byte
	at    int
	sum   uint64
}

func newUnit() *unit {
	fd, err := syscall.Open(cfg.Data, syscall.O_RDONLY, 0)
	check(err)
	pages, err := syscall.Mmap(fd, 0, cfg.Level<<20, syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	syscall.Close(fd)
	return &unit{pages: pages}
}

func (u *unit) walk(n int) {
	for range n {
		u.sum += uint64(u.pages[u.at])
		u.at = (u.at + 4096) % len(u.pages)
	}
}

func (u *unit) pass() { u.walk(2048) }

func (u *unit) end() { syscall.Munmap(u.pages) }
