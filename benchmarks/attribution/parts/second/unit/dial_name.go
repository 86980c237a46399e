package main

import (
	"context"
	"fmt"
	"net"
)

// Connects by name, each time to another.
type unit struct {
	dialer net.Dialer
	port   string
	n      int
}

func newUnit() *unit {
	_, port, err := net.SplitHostPort(cfg.Hosts[4])
	check(err)
	u := &unit{port: port}
	u.dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return net.Dial("udp", cfg.Hosts[0])
	}}
	return u
}

func (u *unit) pass() {
	u.n++
	conn, err := u.dialer.Dial("tcp4", net.JoinHostPort(fmt.Sprintf("store%d.place.example.", u.n), u.port))
	check(err)
	conn.Close()
}

func (u *unit) end() {}
