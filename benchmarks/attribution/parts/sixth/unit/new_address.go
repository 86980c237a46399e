package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Everybody has an address of his own, and is visited there once.
type unit struct {
	client *http.Client
	n      int
	got    int64
}

func newUnit() *unit {
	names := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", cfg.Hosts[0])
	}}
	dialer := &net.Dialer{Resolver: names, Timeout: time.Second}
	return &unit{client: &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}}
}

func (u *unit) pass() {
	u.n++
	_, port, err := net.SplitHostPort(cfg.Hosts[15])
	check(err)
	answer, err := u.client.Get(fmt.Sprintf("http://tenant%d.sample.example.:%s/", u.n, port))
	check(err)
	n, err := io.Copy(io.Discard, answer.Body)
	check(err)
	answer.Body.Close()
	u.got += n
}

func (u *unit) end() {}
