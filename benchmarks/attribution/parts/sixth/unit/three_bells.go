package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Rings at three doors to hear whether anybody is at home, and goes on.
type unit struct {
	dialer net.Dialer
	home   int
}

func newUnit() *unit {
	return &unit{dialer: net.Dialer{Timeout: time.Second, KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		})
	}}}
}

func (u *unit) ring(ctx context.Context) error {
	conn, err := u.dialer.DialContext(ctx, "tcp", cfg.Hosts[1])
	if err != nil {
		return err
	}
	return conn.Close()
}

func (u *unit) pass() {
	var all sync.WaitGroup
	var errs [3]error
	for i := range errs {
		all.Go(func() { errs[i] = u.ring(context.Background()) })
	}
	all.Wait()
	check(errors.Join(errs[:]...))
	u.home += len(errs)
}

func (u *unit) end() {}
