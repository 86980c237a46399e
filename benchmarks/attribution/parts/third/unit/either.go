package main

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

// Two are asked, and neither is waited for too long.
type unit struct {
	ask   [2]chan int
	heard [2]chan int
	sum   int
}

func newUnit() *unit {
	u := &unit{}
	for i := range u.ask {
		u.ask[i], u.heard[i] = make(chan int, 1), make(chan int, 1)
		conn, err := net.Dial("tcp", cfg.Hosts[4])
		check(err)
		go func() {
			defer conn.Close()
			r := bufio.NewReader(conn)
			for n := range u.ask[i] {
				fmt.Fprintln(conn, "what of", n)
				text, err := r.ReadString('\n')
				check(err)
				u.heard[i] <- len(text)
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	u.ask[0] <- u.sum
	u.ask[1] <- -u.sum
	late := time.After(time.Second)
	for range 2 {
		select {
		case n := <-u.heard[0]:
			u.sum += n
		case n := <-u.heard[1]:
			u.sum -= n / 2
		case <-late:
			return
		}
	}
}

func (u *unit) end() { close(u.ask[0]); close(u.ask[1]) }
