package main

import (
	"net"
	"net/http"
	"net/rpc"
	"net/url"
	"sync"
)

// Desk is what can be called.
type Desk struct {
	mu   sync.Mutex
	t    *task
	b    *tally
	left int
	done chan struct{}
}

// Work does something for whoever calls.
func (d *Desk) Work(n int, value *uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range 4 + n%20 {
		*value += d.t.step()
	}
	d.b.sum += *value
	d.b.passes[0]++
	if d.left--; d.left == 0 {
		close(d.done)
	}
	return nil
}

// Answers so many calls and goes home.
func main() {
	d := &Desk{t: newTask(cfg.Seed), b: newTally(0), left: int(cfg.Span * 50), done: make(chan struct{})}
	server := rpc.NewServer()
	check(server.Register(d))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go server.ServeConn(conn)
		}
	}()
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"calls"}, "at": {l.Addr().String()}, "every": {"20ms"},
	})
	check(err)
	answer.Body.Close()
	<-d.done
	l.Close()
	d.mu.Lock()
	finish(d.b, 1)
}
