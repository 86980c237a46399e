package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Carries questions in and answers out, and looks at what it carries.
func main() {
	ctx, stop := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer stop()
	t, b := newTask(cfg.Seed), newTally(0)
	var mu sync.Mutex
	within := &url.URL{Scheme: "http", Host: cfg.Hosts[15]}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(within)
			r.SetXForwarded()
		},
		ModifyResponse: func(answer *http.Response) error {
			mu.Lock()
			defer mu.Unlock()
			for range 4 {
				b.sum += t.step() + uint64(answer.StatusCode)
				b.passes[0]++
			}
			return nil
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{Handler: proxy}
	go server.Serve(l)
	for _, every := range []string{"40ms", "65ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"get"}, "at": {l.Addr().String() + "/of/something"}, "every": {every},
		})
		check(err)
		answer.Body.Close()
	}
	<-ctx.Done()
	last, late := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer late()
	server.Shutdown(last)
	mu.Lock()
	finish(b, 1)
}
