package main

import (
	"bufio"
	"net/http"
)

// A story in instalments.
type unit struct {
	client http.Client
	lines  int
}

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	answer, err := u.client.Get("http://" + cfg.Hosts[12] + "/story")
	check(err)
	defer answer.Body.Close()
	for s := bufio.NewScanner(answer.Body); s.Scan(); {
		u.lines += len(s.Bytes())
	}
}

func (u *unit) end() { u.client.CloseIdleConnections() }
