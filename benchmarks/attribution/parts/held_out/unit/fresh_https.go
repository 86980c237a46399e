package main

import (
	"crypto/tls"
	"io"
	"net/http"
)

type unit struct {
	client http.Client
	size   int64
}

func newUnit() *unit {
	return &unit{client: http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}}
}

func (u *unit) pass() {
	answer, err := u.client.Get("https://" + cfg.Hosts[2] + "/status")
	check(err)
	n, err := io.Copy(io.Discard, answer.Body)
	check(err)
	answer.Body.Close()
	u.size += n
}

func (u *unit) end() {}
