package main

import (
	"fmt"
	"io"
	"net/http"
)

type unit struct {
	client http.Client
	n      int
	size   int64
}

func newUnit() *unit { return &unit{client: http.Client{Transport: &http.Transport{}}} }

func (u *unit) ask(n int) {
	answer, err := u.client.Get(fmt.Sprintf("http://%s/prices/%d", cfg.Hosts[3], n))
	check(err)
	got, err := io.Copy(io.Discard, answer.Body)
	check(err)
	answer.Body.Close()
	u.size += got
}

func (u *unit) pass() {
	u.n++
	u.ask(u.n)
}

func (u *unit) end() { u.client.CloseIdleConnections() }
