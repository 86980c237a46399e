package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// Works, and lets be known now and then that it does.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var far atomic.Uint64
	ticker := time.NewTicker(40 * time.Millisecond)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			fmt.Println("at", far.Load(), "with", runtime.NumGoroutine())
		}
	}()
	for !over() {
		b.sum += t.step()
		b.passes[0]++
		far.Add(1)
	}
	finish(b, 1)
}
