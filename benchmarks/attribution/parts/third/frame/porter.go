package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"time"
)

// Works, and could be asked meanwhile how far it is.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	var far, beats atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, far.Load()) }))
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			beats.Add(1)
		}
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() { <-signals; os.Exit(2) }()
	for !over() {
		b.turn(t, parts)
		far.Store(int64(b.passes[0]))
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
