package main

import (
	"bufio"
	"fmt"
	"net"
)

// What is found goes through a short queue to one who hands it on and waits until it was taken.
type unit struct {
	queue chan int
	n     int
	gone  chan struct{}
}

func newUnit() *unit {
	conn, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	u := &unit{queue: make(chan int, 2), gone: make(chan struct{})}
	go func() {
		defer close(u.gone)
		defer conn.Close()
		answers := bufio.NewScanner(conn)
		for n := range u.queue {
			fmt.Fprintln(conn, "take", n)
			answers.Scan()
		}
	}()
	return u
}

func (u *unit) pass() {
	u.n++
	u.queue <- u.n
}

func (u *unit) end() { close(u.queue); <-u.gone }
