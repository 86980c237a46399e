package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type price struct {
	N     int    `json:"n"`
	Pence uint64 `json:"pence"`
	By    string `json:"by"`
}

type stall struct {
	tasks    sync.Pool
	sum, had atomic.Uint64
}

func (s *stall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		http.Error(w, "which?", http.StatusBadRequest)
		return
	}
	t := s.tasks.Get().(*task)
	v := uint64(n)
	for range 16 + n%5 {
		v += t.step()
	}
	s.tasks.Put(t)
	s.sum.Add(v)
	s.had.Add(1)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(price{n, v % 1000, "the pound"})
}

// Sells fish to two who ask for the next as soon as they have one.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	s := &stall{}
	s.tasks.New = func() any { return newTask(cfg.Seed) }
	server := &http.Server{Handler: s}
	go server.Serve(l)
	for range 2 {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"hammer"}, "at": {l.Addr().String()}, "every": {"1ms"},
		})
		check(err)
		answer.Body.Close()
	}
	time.Sleep(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	check(server.Shutdown(context.Background()))
	b := newTally(0)
	b.sum, b.passes[0] = s.sum.Load(), int(s.had.Load())
	finish(b, 2)
}
