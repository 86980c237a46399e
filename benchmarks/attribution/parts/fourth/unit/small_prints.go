package main

import (
	"context"
	"hash/adler32"
	"runtime"
	"sync"
)

// Small prints are made of pictures beside, by as many as like to, while one makes the large print.
type unit struct {
	small   [16][8 << 10]byte
	picture [64 << 10]byte
	sum     uint32
}

func newUnit() *unit {
	runtime.GOMAXPROCS(cfg.Level + 2)
	return &unit{}
}

func (u *unit) makeSmall(ctx context.Context, i int) {
	for n := byte(0); ctx.Err() == nil; n++ {
		for range 40 {
			u.small[i][n]++
			u.small[i][0] += byte(adler32.Checksum(u.small[i][:]))
		}
	}
}

func (u *unit) pass() {
	ctx, enough := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for i := range cfg.Level {
		all.Go(func() { u.makeSmall(ctx, i) })
	}
	for i := range 300 {
		u.picture[i]++
		u.sum += adler32.Checksum(u.picture[:])
	}
	enough()
	all.Wait()
}

func (u *unit) end() {}
