package main

import (
	"context"
	"errors"
	"math/big"
	"time"
)

// As many digits as there is time for.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer stop()
	a, c, v := big.NewInt(1), big.NewInt(1), new(big.Int)
	for !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		for range 50 {
			v.Mul(a, c)
			a.Add(a, c)
			a, c = c, a
			if a.BitLen() > 4000 {
				a.SetInt64(1)
				c.SetInt64(3)
			}
		}
		b.sum += t.step() + v.Uint64()
		b.passes[0]++
	}
	finish(b, 1)
}
