package main

import (
	"context"
	"time"
)

type work func(context.Context) uint64

// Comes at a time, works for a while, and goes until the next.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	shift := work(func(ctx context.Context) (sum uint64) {
		for ctx.Err() == nil {
			sum += t.step()
			b.passes[0]++
		}
		return sum
	})
	closing, stop := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer stop()
	bell := time.NewTicker(150 * time.Millisecond)
	defer bell.Stop()
	for closing.Err() == nil {
		select {
		case <-bell.C:
			ctx, done := context.WithTimeout(closing, 50*time.Millisecond)
			b.sum += shift(ctx)
			done()
		case <-closing.Done():
		}
	}
	finish(b, 1)
}
