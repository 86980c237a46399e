package main

import (
	"bytes"
	"compress/flate"
	"context"
	"hash/fnv"
	"io"
	"runtime"
	"sync"
)

// While one counts what there is, others in the yard pack; there are more of them than places.
type unit struct {
	goods   []byte
	packers []*flate.Writer
	sum     uint64
}

func newUnit() *unit {
	runtime.GOMAXPROCS(cfg.Level + 2)
	u := &unit{goods: bytes.Repeat([]byte("barrels, sacks; and a crate of each. "), 9000)}
	for range cfg.Level {
		w, err := flate.NewWriter(io.Discard, 4)
		check(err)
		u.packers = append(u.packers, w)
	}
	return u
}

func (u *unit) pack(ctx context.Context, from int) {
	w := u.packers[from]
	for at := from * 999; ctx.Err() == nil; at = (at + 777) % (len(u.goods) - 4000) {
		w.Reset(io.Discard)
		w.Write(u.goods[at : at+4000])
		w.Close()
	}
}

func (u *unit) pass() {
	ctx, enough := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for i := range cfg.Level {
		all.Go(func() { u.pack(ctx, i) })
	}
	for range 24 {
		h := fnv.New64a()
		h.Write(u.goods)
		u.sum += h.Sum64()
	}
	enough()
	all.Wait()
}

func (u *unit) end() {}
