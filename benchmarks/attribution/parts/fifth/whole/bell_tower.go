package main

import (
	"sync"
	"time"
)

type tower struct {
	mu    sync.Mutex
	t     *task
	b     *tally
	shut  bool
	bells []*time.Timer
}

func (w *tower) hang(every time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var bell *time.Timer
	bell = time.AfterFunc(every, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.shut {
			return
		}
		w.b.sum += w.t.step()
		w.b.passes[0]++
		bell.Reset(every)
	})
	w.bells = append(w.bells, bell)
}

// Three bells, each of which rings itself again.
func main() {
	w := &tower{t: newTask(cfg.Seed), b: newTally(0)}
	for _, every := range []int{70, 110, 190} {
		w.hang(time.Duration(every) * time.Millisecond)
	}
	shut := make(chan struct{})
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() { close(shut) })
	<-shut
	w.mu.Lock()
	w.shut = true
	for _, bell := range w.bells {
		bell.Stop()
	}
	finish(w.b, 1)
}
