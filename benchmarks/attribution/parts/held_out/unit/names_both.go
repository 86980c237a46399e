package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

type unit struct {
	dialer net.Dialer
	n      int
}

func newUnit() *unit {
	resolver := &net.Resolver{PreferGo: true, StrictErrors: false, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "udp", cfg.Hosts[0])
	}}
	return &unit{dialer: net.Dialer{Resolver: resolver}}
}

// pass looks where a service is and calls it.
func (u *unit) pass() {
	u.n++
	_, port, _ := net.SplitHostPort(cfg.Hosts[3])
	conn, err := u.dialer.Dial("tcp4", fmt.Sprintf("shard%d.store.example.:%s", u.n%9, port))
	check(err)
	conn.Close()
}

func (u *unit) end() {}
