package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Takes a toll of those who pass, until the road is closed.
func main() {
	road, closed := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer closed()
	b := newTally(0)
	var mu sync.Mutex
	tasks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t := tasks.Get().(*task)
		toll := t.step()
		tasks.Put(t)
		mu.Lock()
		b.sum += toll
		b.passes[0]++
		mu.Unlock()
		io.WriteString(w, strconv.FormatUint(toll, 10))
	})
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return road }}
	context.AfterFunc(road, func() { server.Close() })
	l, err := net.Listen("tcp", cfg.Hosts[cfg.Level])
	check(err)
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		check(err)
	}
	mu.Lock()
	finish(b, 1)
}
