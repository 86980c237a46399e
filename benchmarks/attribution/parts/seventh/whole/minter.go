package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync"
)

const rare = 17

type coin struct {
	number uint64
	mark   [sha256.Size]byte
}

// struck tries one number after the other until its mark is rare enough, or until there is another who has one.
func struck(ctx context.Context, last [sha256.Size]byte, from, step uint64, found chan<- coin) {
	var plate [sha256.Size + 8]byte
	copy(plate[:], last[:])
	for n := from; ; n += step {
		if n/step%256 == 0 && ctx.Err() != nil {
			return
		}
		binary.BigEndian.PutUint64(plate[sha256.Size:], n)
		mark := sha256.Sum256(plate[:])
		if bits.LeadingZeros64(binary.BigEndian.Uint64(mark[:])) >= rare {
			select {
			case found <- coin{n, mark}:
			default:
			}
			return
		}
	}
}

// Strikes coins, each of which has to do with the one before.
func main() {
	b := newTally(0)
	var last [sha256.Size]byte
	binary.BigEndian.PutUint64(last[:], uint64(cfg.Seed))
	for !over() {
		ctx, enough := context.WithCancel(context.Background())
		found := make(chan coin, 1)
		var both sync.WaitGroup
		for i := range uint64(2) {
			both.Go(func() { struck(ctx, last, i, 2, found) })
		}
		c := <-found
		enough()
		both.Wait()
		last = c.mark
		b.sum += c.number
		b.passes[0]++
	}
	finish(b, 2)
}
