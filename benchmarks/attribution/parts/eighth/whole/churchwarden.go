package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// aisle is something that is opened in order, and closed in the opposite one.
type aisle struct {
	name        string
	open, close func(context.Context) error
}

type church struct {
	aisles []aisle
	opened []aisle
}

func (c *church) open(ctx context.Context) error {
	for _, a := range c.aisles {
		if err := a.open(ctx); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", a.name, err), c.close())
		}
		c.opened = append(c.opened, a)
	}
	return nil
}

func (c *church) close() (err error) {
	for i := len(c.opened) - 1; i >= 0; i-- {
		ctx, done := context.WithTimeout(context.Background(), time.Second)
		err = errors.Join(err, c.opened[i].close(ctx))
		done()
	}
	c.opened = nil
	return err
}

// told says to whoever oversees it how it is.
func told(conn net.Conn, what string) error {
	_, err := fmt.Fprintf(conn, "%s\nMAINPID=%d\n", what, os.Getpid())
	return err
}

// Opens a church, sees now and then that all is well, and closes it when told to.
func main() {
	signs := make(chan os.Signal, 2)
	signal.Notify(signs, syscall.SIGTERM, syscall.SIGHUP)
	t, b := newTask(cfg.Seed), newTally(0)
	var rules atomic.Pointer[[16]uint64]
	read := func(context.Context) error {
		var r [16]uint64
		for i := range r {
			r[i] = t.step()
			b.sum += r[i]
		}
		b.passes[0]++
		rules.Store(&r)
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	door := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, rules.Load()[len(r.URL.Path)%16])
	})}
	nothing := func(context.Context) error { return nil }
	c := &church{aisles: []aisle{
		{"rules", read, nothing},
		{"door", func(context.Context) error { go door.Serve(l); return nil }, door.Shutdown},
	}}
	check(c.open(context.Background()))
	above, err := net.Dial("udp", cfg.Hosts[31])
	check(err)
	check(told(above, "READY=1"))
	for kind, every := range map[string]int{"hangup": 420, "term": int(cfg.Span * 1000)} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {kind}, "every": {strconv.Itoa(every) + "ms"}, "pid": {strconv.Itoa(os.Getpid())},
		})
		check(err)
		answer.Body.Close()
	}
	well := time.NewTicker(120 * time.Millisecond)
	for open := true; open; {
		select {
		case <-well.C:
			check(told(above, "WATCHDOG=1"))
		case sign := <-signs:
			if open = sign != syscall.SIGTERM; open {
				check(read(context.Background()))
			}
		}
	}
	check(told(above, "STOPPING=1"))
	signal.Ignore(syscall.SIGHUP)
	check(c.close())
	finish(b, 1)
}
