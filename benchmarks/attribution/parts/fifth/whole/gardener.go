package main

import (
	"context"
	"sync"
	"time"
)

type chore struct {
	name  string
	every time.Duration
	do    func()
}

func (c chore) tend(ctx context.Context) {
	due := time.NewTicker(c.every)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			c.do()
		}
	}
}

// Waters, weeds and cuts, each in its own time.
func main() {
	ctx, evening := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer evening()
	var mu sync.Mutex
	t, b, beds := newTask(cfg.Seed), newTally(0), map[int]uint64{}
	chores := []chore{
		{"water", 60 * time.Millisecond, func() {
			mu.Lock()
			defer mu.Unlock()
			beds[b.passes[0]%9] += t.step()
			b.passes[0]++
		}},
		{"weed", 130 * time.Millisecond, func() {
			mu.Lock()
			defer mu.Unlock()
			for bed, grown := range beds {
				beds[bed] = grown &^ 0xff
			}
		}},
		{"cut", 310 * time.Millisecond, func() {
			mu.Lock()
			defer mu.Unlock()
			for _, grown := range beds {
				b.sum += grown
			}
			clear(beds)
		}},
	}
	var all sync.WaitGroup
	for _, c := range chores {
		all.Go(func() { c.tend(ctx) })
	}
	all.Wait()
	finish(b, 1)
}
