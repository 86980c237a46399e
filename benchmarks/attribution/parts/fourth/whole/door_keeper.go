package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Is there for those who call.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	called := make(chan os.Signal, 4)
	signal.Notify(called, syscall.SIGHUP, syscall.SIGTERM)
	self, err := os.FindProcess(os.Getpid())
	check(err)
	time.AfterFunc(time.Duration(cfg.Span*0.4e9), func() { self.Signal(syscall.SIGHUP) })
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() { self.Signal(syscall.SIGTERM) })
	for s := range called {
		fmt.Println("called:", s)
		b.sum += t.step()
		b.passes[0]++
		if s == syscall.SIGTERM {
			break
		}
	}
	finish(b, 1)
}
