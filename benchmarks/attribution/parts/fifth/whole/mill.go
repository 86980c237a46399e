package main

import (
	"context"
	"sync"
	"time"
)

type crew struct {
	all    sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelCauseFunc
}

func crewOf(ctx context.Context) (*crew, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &crew{cancel: cancel}, ctx
}

func (c *crew) do(f func() error) {
	c.all.Go(func() {
		if err := f(); err != nil {
			c.once.Do(func() {
				c.err = err
				c.cancel(err)
			})
		}
	})
}

func (c *crew) wait() error {
	c.all.Wait()
	c.cancel(nil)
	return c.err
}

// Two stones grind until the water is off.
func main() {
	water, off := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer off()
	b := newTally(0)
	stones, ctx := crewOf(water)
	own := make([]*tally, 2)
	for i := range own {
		own[i] = newTally(0)
		stones.do(func() error {
			for t := newTask(cfg.Seed + int64(i)); ctx.Err() == nil; {
				own[i].sum += t.step()
				own[i].passes[0]++
			}
			return nil
		})
	}
	check(stones.wait())
	for _, one := range own {
		b.add(one)
	}
	finish(b, 2)
}
