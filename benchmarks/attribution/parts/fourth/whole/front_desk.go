package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

type desk struct {
	mu sync.Mutex
	t  *task
	b  *tally
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.b.sum += d.t.step()
	d.b.passes[0]++
	sum := d.b.sum
	d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"sum": sum, "of": r.URL.Path})
}

func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "desk")
		next.ServeHTTP(w, r)
	})
}

// A desk at which one can ask, until it closes.
func main() {
	d := &desk{t: newTask(cfg.Seed), b: newTally(0)}
	mux := http.NewServeMux()
	mux.Handle("GET /", named(d))
	server := &http.Server{Addr: cfg.Hosts[cfg.Level], Handler: mux, ReadHeaderTimeout: time.Second}
	closed := make(chan error, 1)
	go func() { closed <- server.ListenAndServe() }()
	select {
	case err := <-closed:
		check(err)
	case <-time.After(time.Duration(cfg.Span * 1e9)):
	}
	ctx, stop := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer stop()
	server.Shutdown(ctx)
	d.mu.Lock()
	finish(d.b, 1)
}
