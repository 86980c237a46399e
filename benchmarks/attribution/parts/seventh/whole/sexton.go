package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type duty struct {
	name  string
	after []string
	steps int
}

var service = []duty{
	{"unlock", nil, 1}, {"sweep", []string{"unlock"}, 4}, {"candles", []string{"unlock"}, 3}, {"books", []string{"sweep"}, 3},
	{"bells", []string{"candles"}, 4}, {"lock", []string{"books", "bells"}, 1},
}

// held does all duties, each after those that it comes after, and stops at the first that fails.
func held(ctx context.Context, duties []duty, do func(context.Context, duty) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(map[string]chan struct{}, len(duties))
	for _, d := range duties {
		done[d.name] = make(chan struct{})
	}
	var all sync.WaitGroup
	for _, d := range duties {
		all.Go(func() {
			for _, name := range d.after {
				select {
				case <-done[name]:
				case <-ctx.Done():
					return
				}
			}
			if err := do(ctx, d); err != nil {
				cancel(fmt.Errorf("%s: %w", d.name, err))
				return
			}
			close(done[d.name])
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// Holds a service every so often: what has to be done for it is done as it can be.
func main() {
	b := newTally(0)
	tasks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	var mu sync.Mutex
	ctx, end := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer end()
	hours := time.NewTicker(170 * time.Millisecond)
	defer hours.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-hours.C:
		}
		check(held(context.Background(), service, func(ctx context.Context, d duty) error {
			t := tasks.Get().(*task)
			defer tasks.Put(t)
			sum := uint64(0)
			for range d.steps {
				sum += t.step()
			}
			mu.Lock()
			defer mu.Unlock()
			b.sum += sum
			b.passes[0] += d.steps
			return ctx.Err()
		}))
	}
	finish(b, 1)
}
