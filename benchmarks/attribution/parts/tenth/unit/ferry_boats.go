package main

import (
	"bufio"
	"net"
	"sync"
	"time"
)

type boat struct {
	id   int
	seen time.Time
}

// landing lends boats; somebody sees to it that none of them leaks.
type landing struct {
	sync.Mutex
	free  []*boat
	yard  net.Conn
	heard *bufio.Reader
}

func (l *landing) get() *boat {
	l.Lock()
	defer l.Unlock()
	b := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	return b
}

func (l *landing) put(b *boat) {
	l.Lock()
	defer l.Unlock()
	l.free = append(l.free, b)
}

func (l *landing) inspect(begun chan<- bool) error {
	l.Lock()
	defer l.Unlock()
	begun <- true
	if _, err := l.yard.Write([]byte("dry?\n")); err != nil {
		return err
	}
	if _, err := l.heard.ReadString('\n'); err != nil {
		return err
	}
	l.free[0].seen = time.Now()
	return nil
}

type unit struct {
	landing landing
	due     chan bool
	begun   chan bool
	trips   int
}

func newUnit() *unit {
	yard, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	u := &unit{due: make(chan bool), begun: make(chan bool)}
	u.landing.yard, u.landing.heard = yard, bufio.NewReader(yard)
	for i := range 4 {
		u.landing.put(&boat{id: i})
	}
	go func() {
		for range u.due {
			check(u.landing.inspect(u.begun))
		}
	}()
	return u
}

func (u *unit) pass() {
	u.due <- true
	<-u.begun
	b := u.landing.get()
	u.trips += b.id
	u.landing.put(b)
}

func (u *unit) end() { close(u.due) }
