package main

import (
	"context"
	"fmt"
	"net"
)

type unit struct {
	r net.Resolver
	n int
}

func newUnit() *unit {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", cfg.Hosts[0])
	}
	return &unit{r: net.Resolver{PreferGo: true, Dial: dial}}
}

func (u *unit) pass() {
	u.n++
	_, err := u.r.LookupNetIP(context.Background(), "ip4", fmt.Sprintf("node-%d.sample.example.", u.n%50))
	check(err)
}

func (u *unit) end() {}
