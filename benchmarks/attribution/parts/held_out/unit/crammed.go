package main

import (
	"math/rand"
	"os"
)

// Pages are picked at random out of more than there is room for.
type unit struct {
	file *os.File
	page [16 << 10]byte
	r    *rand.Rand
	sum  int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	return &unit{file: file, r: rand.New(rand.NewSource(cfg.Seed))}
}

func (u *unit) pick() {
	n, err := u.file.ReadAt(u.page[:], u.r.Int63n(int64(cfg.Level)<<6)<<14)
	check(err)
	u.sum += n + int(u.page[1])
}

func (u *unit) pass() {
	for range 100 {
		u.pick()
	}
}

func (u *unit) end() { u.file.Close() }
