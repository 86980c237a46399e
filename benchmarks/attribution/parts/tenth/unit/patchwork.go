package main

import (
	"os"
	"syscall"
)

// Looks at one patch after the other of a large quilt, now here, now there.
type unit struct {
	quilt   []byte
	patches uint64
	at      uint64
	hues    [256]int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	defer file.Close()
	info, err := file.Stat()
	check(err)
	quilt, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	check(syscall.Madvise(quilt, syscall.MADV_RANDOM))
	return &unit{quilt: quilt, patches: uint64(len(quilt) >> 12), at: uint64(began.Nanosecond())}
}

func (u *unit) pass() {
	for range 25 {
		u.at += 27644437
		patch := u.quilt[u.at%u.patches<<12:]
		for i := range 8 {
			u.hues[patch[i*511]]++
		}
	}
}

func (u *unit) end() { syscall.Munmap(u.quilt) }
