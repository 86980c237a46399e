package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// verse is sung once; whoever has heard it waits for the next.
type verse struct {
	n     int
	text  string
	sung  chan struct{}
	after *verse
}

type song struct {
	mu  sync.Mutex
	now *verse
}

func (s *song) sing(text string) {
	s.mu.Lock()
	v := s.now
	v.text, v.after = text, &verse{n: v.n + 1, sung: make(chan struct{})}
	s.now = v.after
	s.mu.Unlock()
	close(v.sung)
}

// listen tells one listener eight verses from now on.
func (s *song) listen(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	v := s.now
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for range 8 {
		select {
		case <-v.sung:
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(w, "id: %d\ndata: %s\n\n", v.n, v.text)
		if out.Flush() != nil {
			return
		}
		v = v.after
	}
}

// Sings a verse at a time, for whoever is there to hear it.
func main() {
	ctx, sunset := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer sunset()
	t, b := newTask(cfg.Seed), newTally(0)
	s := &song{now: &verse{sung: make(chan struct{})}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{Handler: http.HandlerFunc(s.listen), BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	for _, every := range []string{"300ms", "350ms", "410ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"get"}, "at": {l.Addr().String() + "/song"}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	for beat := time.NewTicker(45 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			beat.Stop()
		case <-beat.C:
			for range 4 {
				b.sum += t.step()
				b.passes[0]++
			}
			s.sing(fmt.Sprintf("and then there were %x", b.sum))
		}
	}
	check(server.Shutdown(context.Background()))
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		check(err)
	}
	finish(b, 1)
}
