package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
)

type answer struct {
	sync.WaitGroup
	text string
	err  error
}

// once lets those who ask the same at the same time share an answer.
type once struct {
	mu   sync.Mutex
	open map[string]*answer
}

func (o *once) do(key string, f func() (string, error)) (string, error) {
	o.mu.Lock()
	if a, ok := o.open[key]; ok {
		o.mu.Unlock()
		a.Wait()
		return a.text, a.err
	}
	a := &answer{}
	a.Add(1)
	o.open[key] = a
	o.mu.Unlock()
	a.text, a.err = f()
	o.mu.Lock()
	delete(o.open, key)
	o.mu.Unlock()
	a.Done()
	return a.text, a.err
}

type unit struct {
	once  once
	early chan string
	begun chan bool
	conn  net.Conn
	r     *bufio.Reader
	size  int
}

func newUnit() *unit {
	conn, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	u := &unit{once: once{open: map[string]*answer{}}, early: make(chan string), begun: make(chan bool), conn: conn}
	u.r = bufio.NewReader(conn)
	go func() {
		for key := range u.early {
			u.once.do(key, u.ask)
		}
	}()
	return u
}

func (u *unit) ask() (string, error) {
	u.begun <- true
	fmt.Fprintln(u.conn, "what of it")
	return u.r.ReadString('\n')
}

func (u *unit) pass() {
	u.early <- "it"
	<-u.begun
	text, err := u.once.do("it", u.ask)
	check(err)
	u.size += len(text)
}

func (u *unit) end() { close(u.early); u.conn.Close() }
