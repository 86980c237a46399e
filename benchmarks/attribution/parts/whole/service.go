package main

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// A service that is asked by others.
func main() {
	var mu sync.Mutex
	t, b := newTask(cfg.Seed), newTally(0)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		b.sum += t.step()
		b.passes[0]++
		fmt.Fprintf(w, "%016x\n", b.sum)
		mu.Unlock()
	})
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() {
		finish(b, 1)
		os.Exit(0)
	})
	check(http.ListenAndServe(cfg.Hosts[cfg.Level], nil))
}
