package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Asks in one parish after the other how many live there; it has never been in any of them.
type unit struct {
	client *http.Client
	port   string
	n      int
	souls  int
}

func newUnit() *unit {
	_, port, err := net.SplitHostPort(cfg.Hosts[15])
	check(err)
	book := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", cfg.Hosts[0])
	}}
	road := &net.Dialer{Timeout: 2 * time.Second, Resolver: book}
	return &unit{port: port, client: &http.Client{Transport: &http.Transport{DialContext: road.DialContext, DisableKeepAlives: true}}}
}

func (u *unit) asked(parish int) (int, error) {
	answer, err := u.client.Get(fmt.Sprintf("http://parish-%d.sample.example.:%s/souls", parish, u.port))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var is struct{ Value int }
	err = json.NewDecoder(answer.Body).Decode(&is)
	return is.Value, err
}

func (u *unit) pass() {
	u.n++
	souls, err := u.asked(u.n)
	check(err)
	u.souls += souls
}

func (u *unit) end() { u.client.CloseIdleConnections() }
