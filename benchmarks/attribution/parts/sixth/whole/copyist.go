package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type scroll struct {
	t *task
	w *gzip.Writer
}

// Copies a page for whoever asks, small enough to be carried, until it is called away.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	b := newTally(0)
	var mu sync.Mutex
	page := strings.Repeat("In the beginning there was a page, and it was copied by many hands. ", 120)
	scrolls := sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		check(err)
		return &scroll{newTask(cfg.Seed), w}
	}}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := scrolls.Get().(*scroll)
		defer scrolls.Put(s)
		var sum uint64
		for range 10 {
			sum += s.t.step()
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum))
		s.w.Reset(w)
		io.WriteString(s.w, page)
		s.w.Close()
		mu.Lock()
		b.sum += sum
		b.passes[0]++
		mu.Unlock()
	})}
	l, err := net.Listen("tcp", cfg.Hosts[10])
	check(err)
	go server.Serve(l)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"term"}, "every": {strconv.Itoa(int(cfg.Span*1000)) + "ms"}, "pid": {strconv.Itoa(os.Getpid())},
	})
	check(err)
	answer.Body.Close()
	<-ctx.Done()
	last, late := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer late()
	server.Shutdown(last)
	mu.Lock()
	finish(b, 1)
}
