package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Goes on with the next unless it is called away.
func main() {
	away := make(chan os.Signal, 1)
	signal.Notify(away, syscall.SIGTERM, os.Interrupt)
	report := time.NewTicker(150 * time.Millisecond)
	defer report.Stop()
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	var last uint64
	for !over() {
		select {
		case <-away:
			os.Exit(3)
		case <-report.C:
			last = b.sum
		default:
			b.turn(t, parts)
		}
	}
	for _, p := range parts {
		p.end()
	}
	b.sum ^= last
	finish(b, 1)
}
