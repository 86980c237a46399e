package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Goes to a place and has to ask the way each time.
type unit struct {
	client http.Client
	port   string
	n      int
}

func newUnit() *unit {
	_, port, err := net.SplitHostPort(cfg.Hosts[15])
	check(err)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", cfg.Hosts[0])
	}}
	dialer := &net.Dialer{Resolver: resolver}
	transport := &http.Transport{MaxIdleConns: 1, DialContext: func(ctx context.Context, _, where string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp4", where)
	}}
	return &unit{client: http.Client{Transport: transport}, port: port}
}

func (u *unit) pass() {
	u.n++
	answer, err := u.client.Get(fmt.Sprintf("http://place%d.sample.example.:%s/items", u.n, u.port))
	check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(err)
	u.n += len(text) & 1
	u.client.CloseIdleConnections()
}

func (u *unit) end() {}
