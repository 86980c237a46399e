package main

import (
	"fmt"
	"net"
	"net/textproto"
)

type unit struct {
	conn *textproto.Conn
	n    int
}

func newUnit() *unit {
	conn, err := net.Dial("unix", cfg.Hosts[8])
	check(err)
	return &unit{conn: textproto.NewConn(conn)}
}

func (u *unit) pass() {
	check(u.conn.PrintfLine("%s", fmt.Sprint("status ", u.n)))
	line, err := u.conn.ReadLine()
	check(err)
	u.n += len(line)
}

func (u *unit) end() { u.conn.Close() }
