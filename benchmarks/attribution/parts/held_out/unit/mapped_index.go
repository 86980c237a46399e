package main

import (
	"encoding/binary"
	"math/rand"
	"os"
	"syscall"
)

type unit struct {
	index []byte
	r     *rand.Rand
	sum   uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	defer file.Close()
	info, err := file.Stat()
	check(err)
	index, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	check(err)
	return &unit{index: index, r: rand.New(rand.NewSource(cfg.Seed + 3))}
}

func (u *unit) lookUp(key int) uint64 { return binary.LittleEndian.Uint64(u.index[key:]) }

func (u *unit) pass() {
	for range 6 {
		u.sum += u.lookUp(u.r.Intn(len(u.index) - 8))
	}
}

func (u *unit) end() {}
