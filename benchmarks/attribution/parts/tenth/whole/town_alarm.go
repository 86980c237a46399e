package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

type smoke struct {
	ID    int     `json:"id"`
	Kind  string  `json:"kind"`
	Of    string  `json:"of"`
	Value float64 `json:"value"`
}

// tower rings once for all that is seen of a kind within a while, and not again for what it has rung for already.
type tower struct {
	mu     sync.Mutex
	seen   map[string][]smoke
	rung   map[int]bool
	bells  map[string]*time.Timer
	rings  sync.WaitGroup
	closed bool
	t      *task
	b      *tally
}

func (w *tower) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	var s smoke
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.sum += w.t.step()
	w.b.passes[0]++
	if w.closed || w.rung[s.ID] {
		return
	}
	w.rung[s.ID] = true
	if w.seen[s.Kind] = append(w.seen[s.Kind], s); len(w.seen[s.Kind]) == 1 {
		w.rings.Add(1)
		w.bells[s.Kind] = time.AfterFunc(120*time.Millisecond, func() { w.ring(s.Kind) })
	}
}

func (w *tower) ring(kind string) {
	defer w.rings.Done()
	w.mu.Lock()
	all := w.seen[kind]
	delete(w.seen, kind)
	delete(w.bells, kind)
	w.mu.Unlock()
	text, err := json.Marshal(map[string]any{"kind": kind, "many": len(all), "first": all[0].ID, "all": all})
	if err != nil {
		return
	}
	answer, err := http.Post("http://"+cfg.Hosts[15]+"/bell", "application/json", bytes.NewReader(text))
	if err != nil {
		fmt.Println("nobody heard of", kind)
		return
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

// close rings at once for what was seen last.
func (w *tower) close() {
	w.mu.Lock()
	w.closed = true
	for _, bell := range w.bells {
		if bell.Stop() {
			bell.Reset(0)
		}
	}
	w.mu.Unlock()
	w.rings.Wait()
}

// Rings the bell when smoke is seen, once for what belongs together.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	w := &tower{seen: map[string][]smoke{}, rung: map[int]bool{}, bells: map[string]*time.Timer{}, t: newTask(cfg.Seed), b: newTally(0)}
	server := &http.Server{Handler: w}
	for _, every := range []string{"21ms", "34ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"post"}, "at": {l.Addr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { server.Close() })
	server.Serve(l)
	w.close()
	finish(w.b, 1)
}
