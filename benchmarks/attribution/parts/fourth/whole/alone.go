package main

import (
	"fmt"
	"runtime"
	"time"
)

// Gets along with one place to work at.
func main() {
	runtime.GOMAXPROCS(1)
	t, b := newTask(cfg.Seed), newTally(0)
	go func() {
		for at := range time.Tick(120 * time.Millisecond) {
			fmt.Println(at.Sub(began).Milliseconds() / 1000)
		}
	}()
	for !over() {
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
