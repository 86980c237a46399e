package main

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Serves its own guests: a house and those who come, under one roof.
func main() {
	b := newTally(0)
	var sum atomic.Uint64
	tasks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	server := http.Server{Addr: cfg.Hosts[10], Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := tasks.Get().(*task)
		defer tasks.Put(t)
		for range 6 {
			sum.Add(t.step())
		}
		io.WriteString(w, "here you are\n")
	})}
	go server.ListenAndServe()
	time.Sleep(20 * time.Millisecond)
	var guests sync.WaitGroup
	var served atomic.Int64
	for range 2 {
		guests.Go(func() {
			for !over() {
				answer, err := http.Get("http://" + cfg.Hosts[10] + "/")
				check(err)
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				served.Add(1)
			}
		})
	}
	guests.Wait()
	b.passes[0], b.sum = int(served.Load()), sum.Load()
	finish(b, 2)
}
