package main

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Feels its own pulse from time to time.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var beats atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pulse", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, beats.Add(1))
	})
	go http.Serve(l, mux)
	client := &http.Client{Timeout: 500 * time.Millisecond}
	due := time.NewTicker(75 * time.Millisecond)
	defer due.Stop()
	for !over() {
		<-due.C
		answer, err := client.Get("http://" + l.Addr().String() + "/pulse")
		check(err)
		var beat uint64
		fmt.Fscan(answer.Body, &beat)
		answer.Body.Close()
		b.sum += t.step() + beat
		b.passes[0]++
	}
	finish(b, 1)
}
