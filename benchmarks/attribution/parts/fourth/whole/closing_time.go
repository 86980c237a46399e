package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Two work until they are told that it is time, and put away what they have.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() { syscall.Kill(os.Getpid(), syscall.SIGTERM) })
	var both sync.WaitGroup
	found := [2]*tally{newTally(0), newTally(0)}
	for i, own := range found {
		both.Go(func() {
			t := newTask(cfg.Seed + int64(i))
			for {
				select {
				case <-ctx.Done():
					return
				default:
				}
				own.sum += t.step()
				own.passes[0]++
			}
		})
	}
	<-ctx.Done()
	both.Wait()
	found[0].add(found[1])
	finish(found[0], 2)
}
