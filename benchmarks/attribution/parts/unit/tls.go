package main

import (
	"crypto/tls"
)

type unit struct{ n int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	conn, err := tls.Dial("tcp", cfg.Hosts[2], &tls.Config{InsecureSkipVerify: true})
	check(err)
	u.n += int(conn.ConnectionState().Version)
	conn.Close()
}

func (u *unit) end() {}
