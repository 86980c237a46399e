package main

import (
	"net"
	"time"
)

// Several are asked, and what they find is put together.
type unit struct {
	n     int
	total int
}

func newUnit() *unit { return &unit{} }

func (u *unit) find(i int, out chan<- int) {
	a, b := net.Pipe()
	go func() {
		time.Sleep(time.Duration(4+i) * time.Millisecond)
		a.Write([]byte{byte(i)})
	}()
	text := make([]byte, 1)
	b.Read(text)
	out <- int(text[0])
}

func (u *unit) pass() {
	out := make(chan int, 4)
	for i := range 4 {
		go u.find(i, out)
	}
	for range 4 {
		u.total += <-out
	}
	u.n++
}

func (u *unit) end() {}
