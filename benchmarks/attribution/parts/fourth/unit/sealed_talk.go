package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

type talk struct {
	conn *tls.Conn
	err  error
}

// Begins a talk that nobody overhears, unless it takes too long.
type unit struct {
	late, begun int
}

func newUnit() *unit { return &unit{} }

func (u *unit) begin(ctx context.Context) (*tls.Conn, error) {
	found := make(chan talk, 1)
	go func() {
		plain, err := net.Dial("tcp", cfg.Hosts[2])
		if err != nil {
			found <- talk{err: err}
			return
		}
		conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
		found <- talk{conn, conn.HandshakeContext(ctx)}
	}()
	select {
	case t := <-found:
		return t.conn, t.err
	case <-time.After(time.Second):
		return nil, errors.New("late")
	}
}

func (u *unit) pass() {
	conn, err := u.begin(context.Background())
	check(err)
	u.begun += int(conn.ConnectionState().Version & 1)
	check(conn.NetConn().Close())
}

func (u *unit) end() {}
