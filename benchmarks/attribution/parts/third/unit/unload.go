package main

import "net"

// Unloads on to somebody who takes it away bit by bit.
type unit struct {
	conn net.Conn
	load [64 << 10]byte
}

func newUnit() *unit {
	conn, err := net.Dial("tcp", cfg.Hosts[11])
	check(err)
	check(conn.(*net.TCPConn).SetWriteBuffer(32 << 10))
	return &unit{conn: conn}
}

func (u *unit) pass() {
	u.load[9]++
	_, err := u.conn.Write(u.load[:])
	check(err)
}

func (u *unit) end() { u.conn.Close() }
