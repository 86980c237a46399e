package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

type throw struct {
	n     int
	value uint64
}

// Two throw dice, and a third keeps the score.
func main() {
	ctx, late := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer late()
	b := newTally(0)
	threw := make(chan throw, 16)
	var both sync.WaitGroup
	for i := range uint64(2) {
		both.Go(func() {
			r, t := rand.New(rand.NewPCG(uint64(cfg.Seed), i)), newTask(cfg.Seed+int64(i))
			for ctx.Err() == nil {
				var one throw
				for range 60000 {
					x, y := r.Float64(), r.Float64()
					if x*x+y*y < 1 {
						one.n++
					}
				}
				one.value = t.step()
				threw <- one
			}
		})
	}
	go func() {
		both.Wait()
		close(threw)
	}()
	for one := range threw {
		b.sum += one.value + uint64(one.n)
		b.passes[0]++
	}
	finish(b, 2)
}
