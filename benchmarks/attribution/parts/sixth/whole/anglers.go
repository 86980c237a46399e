package main

import (
	"context"
	"math/rand"
	"sync"
	"time"
)

type bite struct {
	who    int
	weight float64
}

func fish(ctx context.Context, who int, boat chan<- bite) {
	r := rand.New(rand.NewSource(cfg.Seed + int64(who)))
	line := time.NewTimer(0)
	defer line.Stop()
	for {
		line.Reset(time.Duration(400+r.Intn(900)) * time.Millisecond)
		select {
		case <-ctx.Done():
			return
		case <-line.C:
		}
		select {
		case boat <- bite{who, r.ExpFloat64()}:
		case <-ctx.Done():
			return
		}
	}
}

// Many fish from the bank; what they catch is weighed.
func main() {
	ctx, dusk := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer dusk()
	t, b := newTask(cfg.Seed), newTally(0)
	boat := make(chan bite, 8)
	var all sync.WaitGroup
	for who := range 250 {
		all.Go(func() { fish(ctx, who, boat) })
	}
	go func() {
		all.Wait()
		close(boat)
	}()
	heaviest := map[int]float64{}
	for one := range boat {
		heaviest[one.who] = max(heaviest[one.who], one.weight)
		b.sum += t.step() + uint64(heaviest[one.who]*100)
		b.passes[0]++
	}
	finish(b, 1)
}
