package main

import (
	"hash/crc32"
	"runtime"
	"sync/atomic"
)

// Many hands take blocks to sum; whoever gives them out sums small ones in between, and lets the others go first.
type unit struct {
	blocks chan uint32
	open   atomic.Int32
	table  *crc32.Table
	sum    uint32
}

func newUnit() *unit {
	u := &unit{blocks: make(chan uint32, cfg.Level), table: crc32.MakeTable(0xd5828281)}
	for range cfg.Level {
		go u.hand()
	}
	return u
}

func (u *unit) hand() {
	block := make([]byte, 1<<20)
	for n := range u.blocks {
		for i := range uint32(2) {
			block[n%1000] = byte(crc32.Update(n+i, u.table, block))
		}
		u.open.Add(-1)
	}
}

func (u *unit) pass() {
	for i := range cfg.Level {
		u.open.Add(1)
		u.blocks <- u.sum + uint32(i)
	}
	for u.open.Load() > 0 {
		for i := range uint32(300) {
			u.sum = crc32.Update(u.sum^i, u.table, []byte("a block of something that has to be summed"))
		}
		runtime.Gosched()
	}
}

func (u *unit) end() { close(u.blocks) }
