package main

import (
	"fmt"
	"net"
)

type teller struct {
	to    net.Conn
	front []byte
}

func (t *teller) count(name string, n int) error {
	t.front = fmt.Appendf(t.front[:0], "%s:%d|c", name, n)
	_, err := t.to.Write(t.front)
	return err
}

// Postcards, which nobody answers and not everybody reads.
type unit struct {
	teller
	box net.PacketConn
	n   int
}

func newUnit() *unit {
	box, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	to, err := net.Dial("udp", box.LocalAddr().String())
	check(err)
	return &unit{teller: teller{to: to}, box: box}
}

func (u *unit) pass() {
	for range 300 {
		u.n++
		check(u.count("sample.items", u.n&7))
	}
}

func (u *unit) end() { u.to.Close(); u.box.Close() }
