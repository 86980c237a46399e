package main

import (
	"context"
	"runtime"
)

// One is sent out, and is waited for.
func main() {
	ctx, done := context.WithCancel(context.Background())
	var b *tally
	go func() {
		defer done()
		runtime.LockOSThread()
		t, parts := newTask(cfg.Seed), newParts()
		b = newTally(len(parts))
		for !over() {
			b.turn(t, parts)
		}
		for _, p := range parts {
			p.end()
		}
	}()
	<-ctx.Done()
	finish(b, 1)
}
