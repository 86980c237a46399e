package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

type arch struct {
	at       string
	open     atomic.Int64
	down, up atomic.Int64
}

type aqueduct struct {
	arches []*arch
	all    sync.WaitGroup
}

// emptiest is the one that carries least.
func (q *aqueduct) emptiest() *arch {
	best := q.arches[0]
	for _, a := range q.arches[1:] {
		if a.open.Load() < best.open.Load() {
			best = a
		}
	}
	return best
}

type counting struct {
	io.Writer
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (q *aqueduct) carry(ctx context.Context, from net.Conn) {
	defer from.Close()
	a := q.emptiest()
	a.open.Add(1)
	defer a.open.Add(-1)
	to, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", a.at)
	if err != nil {
		return
	}
	defer to.Close()
	defer context.AfterFunc(ctx, func() { from.Close(); to.Close() })()
	var back sync.WaitGroup
	back.Go(func() {
		io.Copy(counting{from, &a.down}, to)
		from.(*net.TCPConn).CloseWrite()
	})
	io.Copy(counting{to, &a.up}, from)
	to.(*net.TCPConn).CloseWrite()
	back.Wait()
}

// Carries what comes at one end to the other, and back.
func main() {
	ctx, dry := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer dry()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	context.AfterFunc(ctx, func() { l.Close() })
	for _, every := range []string{"15ms", "28ms", "44ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"lines"}, "at": {l.Addr().String()}, "every": {every},
		})
		check(err)
		answer.Body.Close()
	}
	q := &aqueduct{arches: []*arch{{at: cfg.Hosts[28]}, {at: cfg.Hosts[28]}}}
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		q.all.Go(func() { q.carry(ctx, conn) })
	}
	q.all.Wait()
	b := newTally(0)
	for _, a := range q.arches {
		b.passes[0] += int(a.up.Load())
		b.sum += uint64(a.down.Load())
	}
	b.sum += newTask(cfg.Seed).step()
	finish(b, 1)
}
