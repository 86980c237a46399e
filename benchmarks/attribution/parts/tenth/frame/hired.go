package main

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
)

var errEnough = errors.New("enough")

func hand(ctx context.Context, b *tally, t *task, parts []part) error {
	for ctx.Err() == nil {
		if b.turn(t, parts); over() {
			return errEnough
		}
	}
	return context.Cause(ctx)
}

// Hires a hand, who works until it is enough or somebody says so.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	said := make(chan error, 1)
	go func() { said <- hand(ctx, b, t, parts) }()
	if err := <-said; !errors.Is(err, errEnough) {
		check(err)
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
