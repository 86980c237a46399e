package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// party goes out together, so many at a time; the first who fails calls the others back.
type party struct {
	all    sync.WaitGroup
	once   sync.Once
	err    error
	recall context.CancelCauseFunc
	seats  chan struct{}
}

func outWith(ctx context.Context, most int) (*party, context.Context) {
	ctx, recall := context.WithCancelCause(ctx)
	return &party{recall: recall, seats: make(chan struct{}, most)}, ctx
}

func (p *party) send(f func() error) {
	p.seats <- struct{}{}
	p.all.Go(func() {
		defer func() { <-p.seats }()
		if err := f(); err != nil {
			p.once.Do(func() { p.err = err; p.recall(err) })
		}
	})
}

func (p *party) back() error {
	p.all.Wait()
	p.recall(p.err)
	return p.err
}

type street struct {
	name  string
	t     *task
	found uint64
}

var errEmpty = errors.New("nobody at home")

func (s *street) collect(ctx context.Context) error {
	for range 2 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.found += s.t.step()
	}
	if s.found == 0 {
		return fmt.Errorf("%s: %w", s.name, errEmpty)
	}
	return nil
}

// A round is made whenever the clock strikes, each street by one, two of them at a time.
func main() {
	ctx, home := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer home()
	b := newTally(0)
	var streets []*street
	for i, name := range []string{"east", "west", "mill", "church", "high"} {
		streets = append(streets, &street{name: name, t: newTask(cfg.Seed + int64(i))})
	}
	for strikes := time.NewTicker(65 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			strikes.Stop()
		case <-strikes.C:
			p, within := outWith(context.Background(), 2)
			for _, s := range streets {
				p.send(func() error { return s.collect(within) })
			}
			check(p.back())
			for _, s := range streets {
				b.sum += s.found
			}
			b.passes[0]++
		}
	}
	finish(b, 1)
}
