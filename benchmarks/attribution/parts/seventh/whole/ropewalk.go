package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// bench is where strands lie until somebody takes them; what is too much is let go.
type bench[T any] struct {
	mu     sync.Mutex
	more   sync.Cond
	lie    []T
	first  int
	closed bool
	lost   int
}

func newBench[T any](most int) *bench[T] {
	w := &bench[T]{lie: make([]T, 0, most)}
	w.more.L = &w.mu
	return w
}

func (w *bench[T]) put(one T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lie) == cap(w.lie) {
		w.lost++
		return
	}
	w.lie = append(w.lie, one)
	w.more.Signal()
}

func (w *bench[T]) take() (one T, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.first == len(w.lie) && !w.closed {
		w.more.Wait()
	}
	if w.first == len(w.lie) {
		return one, false
	}
	one = w.lie[w.first]
	if w.first++; w.first == len(w.lie) {
		w.lie, w.first = w.lie[:0], 0
	}
	return one, true
}

func (w *bench[T]) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.more.Broadcast()
}

// Three make ropes of the strands that come in.
func main() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	for _, every := range []string{"26ms", "37ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"datagrams"}, "at": {conn.LocalAddr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	w := newBench[int](256)
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { conn.Close() })
	counts := make([]*tally, 3)
	var all sync.WaitGroup
	for i := range counts {
		t, b := newTask(cfg.Seed+int64(i)), newTally(0)
		counts[i] = b
		all.Go(func() {
			for {
				long, ok := w.take()
				if !ok {
					return
				}
				for range 2 + long%3 {
					b.sum += t.step()
					b.passes[0]++
				}
			}
		})
	}
	for room := make([]byte, 512); ; {
		n, _, err := conn.ReadFrom(room)
		if err != nil {
			break
		}
		_, value, _ := bytes.Cut(room[:n], []byte(":"))
		value, _, _ = bytes.Cut(value, []byte("|"))
		if long, err := strconv.Atoi(string(value)); err == nil {
			w.put(long)
		}
	}
	w.end()
	all.Wait()
	counts[0].add(counts[1])
	counts[0].add(counts[2])
	finish(counts[0], 1)
}
