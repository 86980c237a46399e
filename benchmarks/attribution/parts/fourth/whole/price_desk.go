package main

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Says what things cost; most of it is known already.
func main() {
	b := newTally(0)
	var mu sync.RWMutex
	known := map[uint64]uint64{}
	var asked, sums atomic.Uint64
	tasks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	handle := func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		mu.RLock()
		v, ok := known[n%64]
		mu.RUnlock()
		if !ok || n%3 == 0 {
			t := tasks.Get().(*task)
			v = t.step()
			tasks.Put(t)
			mu.Lock()
			known[n%64] = v
			mu.Unlock()
		}
		sums.Add(v)
		fmt.Fprintln(w, v)
	}
	go func() { check(http.ListenAndServe(cfg.Hosts[9], http.HandlerFunc(handle))) }()
	time.Sleep(time.Duration(cfg.Span * 1e9))
	b.passes[0], b.sum = int(asked.Load()), sums.Load()
	finish(b, 1)
}
