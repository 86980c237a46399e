package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

type figures struct{ births, deaths, souls atomic.Uint64 }

func (f *figures) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for _, one := range []struct {
		name  string
		value *atomic.Uint64
	}{{"births", &f.births}, {"deaths", &f.deaths}, {"souls", &f.souls}} {
		fmt.Fprintf(w, "# TYPE parish_%s gauge\nparish_%s %d\n", one.name, one.name, one.value.Load())
	}
}

// Keeps figures of the parish, which are read elsewhere.
func main() {
	ctx, done := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer done()
	t, b, f := newTask(cfg.Seed), newTally(0), &figures{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	mux := http.NewServeMux()
	mux.Handle("GET /figures", f)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	closed := make(chan error, 1)
	go func() { closed <- server.Serve(l) }()
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"get"}, "at": {l.Addr().String() + "/figures"}, "every": {"70ms"},
	})
	check(err)
	answer.Body.Close()
	for due := time.NewTicker(30 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			due.Stop()
		case <-due.C:
			v := t.step() + t.step() + t.step()
			f.births.Add(v & 3)
			f.deaths.Add(v >> 2 & 3)
			f.souls.Store(1000 + f.births.Load() - f.deaths.Load())
			b.sum += v
			b.passes[0]++
		}
	}
	end, late := context.WithTimeout(context.Background(), time.Second)
	defer late()
	check(server.Shutdown(end))
	if err := <-closed; !errors.Is(err, http.ErrServerClosed) {
		check(err)
	}
	finish(b, 1)
}
