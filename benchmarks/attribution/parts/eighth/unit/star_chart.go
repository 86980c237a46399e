package main

import (
	"os"
	"syscall"
)

type star struct {
	page uint32
	line uint16
}

// From star to star on a chart that is unrolled for each way, and of which one sees only what one looks at.
type unit struct {
	file  *os.File
	pages uint32
	at    star
	seen  map[star]int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	return &unit{file, uint32(info.Size() >> 12), star{uint32(began.Nanosecond()), 1}, map[star]int{}}
}

func (u *unit) next(chart []byte) {
	u.at.page %= u.pages
	mark := chart[int(u.at.page)<<12|int(u.at.line&4095)]
	u.at = star{u.at.page*1664525 + uint32(mark)*40503 + 1013904223, u.at.line*31 + uint16(mark)}
}

func (u *unit) pass() {
	syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), 0, 0, 4, 0, 0)
	chart, err := syscall.Mmap(int(u.file.Fd()), 0, int(u.pages)<<12, syscall.PROT_READ, syscall.MAP_PRIVATE)
	check(err)
	check(syscall.Madvise(chart, syscall.MADV_RANDOM))
	for range 50 {
		u.next(chart)
	}
	u.seen[star{u.at.page & 63, 0}]++
	check(syscall.Munmap(chart))
}

func (u *unit) end() { u.file.Close() }
