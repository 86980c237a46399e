package main

import (
	"bufio"
	"fmt"
	"net"
)

type unit struct {
	conn net.Conn
	r    *bufio.Reader
	n    int
}

func newUnit() *unit {
	conn, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	return &unit{conn: conn, r: bufio.NewReader(conn)}
}

func (u *unit) pass() {
	fmt.Fprintf(u.conn, "get %d\n", u.n)
	line, err := u.r.ReadString('\n')
	check(err)
	u.n += len(line)
}

func (u *unit) end() { u.conn.Close() }
