package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

type staff struct {
	all   sync.WaitGroup
	once  sync.Once
	wrong error
}

func (s *staff) employ(f func() error) {
	s.all.Go(func() {
		if err := f(); err != nil {
			s.once.Do(func() { s.wrong = err })
		}
	})
}

// One works in the office until it closes.
func main() {
	ctx, closed := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer closed()
	var s staff
	var b *tally
	s.employ(func() error {
		t, parts := newTask(cfg.Seed), newParts()
		b = newTally(len(parts))
		for ctx.Err() == nil && !over() {
			b.turn(t, parts)
		}
		for _, p := range parts {
			p.end()
		}
		return ctx.Err()
	})
	s.all.Wait()
	if !errors.Is(s.wrong, context.DeadlineExceeded) {
		check(s.wrong)
	}
	finish(b, 1)
}
