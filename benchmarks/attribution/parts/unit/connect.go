package main

import (
	"net"
)

type unit struct{ n int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	conn, err := net.Dial("tcp4", cfg.Hosts[1])
	check(err)
	u.n++
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func (u *unit) end() {}
