package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Waits for a sign all night, and says now and then that all is well.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	book, err := os.Create("watch.log")
	check(err)
	said := slog.New(slog.NewTextHandler(book, nil))
	morning := time.After(time.Duration(cfg.Span * 1e9))
	hour := time.NewTicker(200 * time.Millisecond)
	defer hour.Stop()
	for night := true; night; {
		select {
		case <-ctx.Done():
			night = false
		case <-morning:
			night = false
		case <-hour.C:
			b.sum += t.step()
			b.passes[0]++
			said.Info("all is well", "hour", b.passes[0])
		}
	}
	check(book.Close())
	finish(b, 1)
}
