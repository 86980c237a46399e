package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
)

type perch struct {
	mu      sync.RWMutex
	pigeons map[int]int
}

// A loft with many perches; who looks after it lets the owner know of every pigeon that is gone for good.
type unit struct {
	perches [8]perch
	owner   net.Conn
	heard   *bufio.Reader
	round   chan int
	begun   chan bool
	n, sum  int
}

func newUnit() *unit {
	owner, err := net.Dial("unix", cfg.Hosts[8])
	check(err)
	u := &unit{owner: owner, heard: bufio.NewReader(owner), round: make(chan int), begun: make(chan bool)}
	for i := range u.perches {
		u.perches[i].pigeons = map[int]int{}
	}
	go u.tend()
	return u
}

func (u *unit) on(pigeon int) *perch { return &u.perches[pigeon*len(u.perches)%len(u.perches)] }

func (u *unit) tend() {
	for gone := range u.round {
		p := u.on(gone)
		p.mu.Lock()
		u.begun <- true
		fmt.Fprintf(u.owner, "gone %d\n", gone)
		_, err := u.heard.ReadString('\n')
		check(err)
		delete(p.pigeons, gone)
		p.mu.Unlock()
	}
}

func (u *unit) look(pigeon int) int {
	p := u.on(pigeon)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.pigeons[pigeon]
}

func (u *unit) pass() {
	u.n++
	u.round <- u.n
	<-u.begun
	for i := range 20 {
		u.sum += u.look(u.n + i)
	}
}

func (u *unit) end() { close(u.round) }
