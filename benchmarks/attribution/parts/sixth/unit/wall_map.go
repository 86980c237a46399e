package main

import (
	"encoding/binary"
	"os"
	"sort"
	"syscall"
)

// sheet is a piece of a large map, looked at through a window.
type sheet struct{ pages []byte }

func (s sheet) at(row int) uint64 {
	return binary.LittleEndian.Uint64(s.pages[row<<12:]) + uint64(row)<<40
}

// Looks for a place on a map that is too large to know by heart.
type unit struct {
	file *os.File
	rows int
	n    uint64
	sum  int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	return &unit{file: file, rows: int(info.Size() >> 12), n: uint64(began.Nanosecond())}
}

func (u *unit) with(f func(s sheet)) error {
	pages, err := syscall.Mmap(int(u.file.Fd()), 0, u.rows<<12, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	defer syscall.Munmap(pages)
	if err := syscall.Madvise(pages, syscall.MADV_RANDOM); err != nil {
		return err
	}
	f(sheet{pages})
	return nil
}

func (u *unit) pass() {
	syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), 0, 0, 4, 0, 0)
	check(u.with(func(s sheet) {
		for range 6 {
			u.n = u.n*6364136223846793005 + 1442695040888963407
			wanted := u.n >> 33 % uint64(u.rows) << 40
			u.sum += sort.Search(u.rows, func(row int) bool { return s.at(row) >= wanted })
		}
	}))
}

func (u *unit) end() { u.file.Close() }
