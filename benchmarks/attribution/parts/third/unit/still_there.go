package main

import (
	"errors"
	"net"
	"os"
	"time"
)

// Asks, and looks every now and then whether somebody is still there.
type unit struct {
	conn net.Conn
	n    byte
	late int
}

func newUnit() *unit {
	conn, err := net.Dial("udp", cfg.Hosts[7])
	check(err)
	return &unit{conn: conn}
}

func (u *unit) pass() {
	u.n++
	_, err := u.conn.Write([]byte{'!', u.n})
	check(err)
	var answer [16]byte
	for {
		check(u.conn.SetReadDeadline(time.Now().Add(2500 * time.Microsecond)))
		if _, err = u.conn.Read(answer[:]); err == nil {
			return
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			check(err)
		}
		u.late++
	}
}

func (u *unit) end() { u.conn.Close() }
