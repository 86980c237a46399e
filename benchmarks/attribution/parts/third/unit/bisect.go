package main

import (
	"os"
	"syscall"
)

// Looks keys up in a table that lies in a file, by halves.
type unit struct {
	table []byte
	key   uint64
	sum   uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	defer file.Close()
	table, err := syscall.Mmap(int(file.Fd()), 0, 256<<20, syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	check(syscall.Madvise(table, syscall.MADV_RANDOM))
	return &unit{table: table, key: uint64(cfg.Seed)*2 + 1}
}

func (u *unit) rank(key uint64) int {
	low, high := 0, len(u.table)
	for high-low > 4096 {
		middle := (low + high) / 2
		u.sum += uint64(u.table[middle])
		if key>>63 == 0 {
			high = middle
		} else {
			low = middle
		}
		key <<= 1
	}
	return low
}

func (u *unit) pass() {
	for range 12 {
		u.key = u.key*6364136223846793005 + 1442695040888963407
		u.sum += uint64(u.rank(u.key))
	}
}

func (u *unit) end() { syscall.Munmap(u.table) }
