package main

import (
	"log/slog"
	"os"
	"time"
)

// Works, writes down four times a second what has come of it, and makes it last at the end.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	book, err := os.Create("annals.json")
	check(err)
	said := slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})).With("of", "annals")
	for due := time.Now(); !over(); {
		b.sum += t.step()
		b.passes[0]++
		if time.Since(due) > 0 {
			said.Debug("so far", slog.Group("work", "passes", b.passes[0], "sum", b.sum))
			due = due.Add(250 * time.Millisecond)
		}
	}
	check(book.Sync())
	check(book.Close())
	finish(b, 1)
}
