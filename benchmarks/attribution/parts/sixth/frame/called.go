package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// kept calls f and says what went wrong, should it.
func kept(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	return f()
}

func run(ctx context.Context) (b *tally, err error) {
	t, parts := newTask(cfg.Seed), newParts()
	b = newTally(len(parts))
	for ctx.Err() == nil && !over() {
		if err = kept(func() error { b.turn(t, parts); return ctx.Err() }); err != nil && ctx.Err() == nil {
			return b, err
		}
	}
	for _, p := range parts {
		p.end()
	}
	return b, nil
}

// Whatever is called may fail, and is called again.
func main() {
	ctx, done := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer done()
	b, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	finish(b, 1)
}
