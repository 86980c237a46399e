package main

import (
	"context"
	"sync"
)

type committee struct {
	all    sync.WaitGroup
	chairs chan struct{}
	wrong  error
	once   sync.Once
}

func (c *committee) ask(ctx context.Context, f func(context.Context) error) {
	c.chairs <- struct{}{}
	c.all.Go(func() {
		defer func() { <-c.chairs }()
		if err := f(ctx); err != nil {
			c.once.Do(func() { c.wrong = err })
		}
	})
}

// A committee of eight, for whom there are two chairs.
func main() {
	b := newTally(0)
	tasks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	for !over() {
		c := committee{chairs: make(chan struct{}, 2)}
		var found [8]uint64
		for i := range found {
			c.ask(context.Background(), func(ctx context.Context) error {
				t := tasks.Get().(*task)
				defer tasks.Put(t)
				for range 4 {
					found[i] += t.step()
				}
				return ctx.Err()
			})
		}
		c.all.Wait()
		check(c.wrong)
		for _, v := range found {
			b.sum ^= v
			b.passes[0] += 4
		}
	}
	finish(b, 2)
}
