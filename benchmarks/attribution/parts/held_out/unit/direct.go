package main

import (
	"math/rand"
	"os"
	"syscall"
)

type unit struct {
	fd   int
	page []byte
	r    *rand.Rand
	size int64
	sum  int
}

func newUnit() *unit {
	fd, err := syscall.Open(cfg.Data, os.O_RDONLY|syscall.O_DIRECT, 0)
	check(err)
	var info syscall.Stat_t
	check(syscall.Fstat(fd, &info))
	page, err := syscall.Mmap(-1, 0, 16<<10, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	return &unit{fd: fd, page: page, r: rand.New(rand.NewSource(cfg.Seed)), size: info.Size >> 14}
}

func (u *unit) fetch(n int64) {
	got, err := syscall.Pread(u.fd, u.page, n<<14)
	check(err)
	u.sum += got + int(u.page[9])
}

func (u *unit) pass() {
	for range 40 {
		u.fetch(u.r.Int63n(u.size))
	}
}

func (u *unit) end() { syscall.Close(u.fd) }
