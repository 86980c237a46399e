package main

import (
	"os"
	"syscall"
)

type unit struct {
	pages []byte
	at    int
	sum   uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	pages, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	check(syscall.Madvise(pages, syscall.MADV_RANDOM))
	file.Close()
	return &unit{pages: pages, at: began.Nanosecond()}
}

func (u *unit) look() uint64 {
	u.at = (u.at*1103515245 + 12345) & (1<<31 - 1)
	return uint64(u.pages[u.at%(len(u.pages)>>12)<<12])
}

func (u *unit) pass() {
	for range 60 {
		u.sum = u.sum*31 + u.look()
	}
}

func (u *unit) end() { syscall.Munmap(u.pages) }
