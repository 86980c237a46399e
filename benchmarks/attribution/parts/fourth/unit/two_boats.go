package main

import (
	"bufio"
	"fmt"
	"net"
)

type boat struct {
	conn net.Conn
	r    *bufio.Reader
}

func (b *boat) ask(n int) (int, error) {
	fmt.Fprintln(b.conn, "how deep is it at", n)
	text, err := b.r.ReadString('\n')
	return len(text), err
}

// There are two boats, and others want to go out, too.
type unit struct {
	free   chan *boat
	others chan int
	out    chan bool
	sum    int
}

func newUnit() *unit {
	u := &unit{free: make(chan *boat, 2), others: make(chan int), out: make(chan bool)}
	for range cap(u.free) {
		conn, err := net.Dial("tcp", cfg.Hosts[4])
		check(err)
		u.free <- &boat{conn, bufio.NewReader(conn)}
	}
	for range 2 {
		go u.goOut()
	}
	return u
}

func (u *unit) goOut() {
	for n := range u.others {
		b := <-u.free
		u.out <- true
		_, err := b.ask(n)
		check(err)
		u.free <- b
	}
}

func (u *unit) pass() {
	for n := range 2 {
		u.others <- n
		<-u.out
	}
	b := <-u.free
	u.sum += b.conn.LocalAddr().(*net.TCPAddr).Port & 1
	u.free <- b
}

func (u *unit) end() { close(u.others) }
