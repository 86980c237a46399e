package main

import (
	"hash/crc32"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
)

// A night shift goes through all that was taken in, each at a machine of his own, while the day's books are put in order.
type unit struct {
	crates [][]byte
	books  []uint32
	home   atomic.Bool
	sums   []atomic.Uint32
	sum    uint32
}

func newUnit() *unit {
	runtime.GOMAXPROCS(cfg.Level + 2)
	u := &unit{books: make([]uint32, 12000), sums: make([]atomic.Uint32, cfg.Level)}
	for i := range 40 {
		u.crates = append(u.crates, make([]byte, 8000+i*16))
	}
	return u
}

func (u *unit) shift(who int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	table := crc32.MakeTable(0xd5828281 + uint32(who)<<8)
	for at := who; !u.home.Load(); at++ {
		u.sums[who].Add(crc32.Checksum(u.crates[at%len(u.crates)], table))
	}
}

func (u *unit) pass() {
	u.home.Store(false)
	var all sync.WaitGroup
	for i := range cfg.Level {
		all.Go(func() { u.shift(i) })
	}
	for range 3 {
		for i := range u.books {
			u.sum = u.sum*1664525 + 1013904223
			u.books[i] = u.sum
		}
		sort.Slice(u.books, func(i, j int) bool { return u.books[i] < u.books[j] })
	}
	u.home.Store(true)
	all.Wait()
}

func (u *unit) end() {}
