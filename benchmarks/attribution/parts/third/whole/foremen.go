package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"time"
)

type order struct {
	conn net.Conn
	what string
}

// Two foremen take the orders that come in.
func main() {
	b := newTally(0)
	l, err := net.Listen("tcp", cfg.Hosts[13])
	check(err)
	orders, sums := make(chan order, 8), make(chan uint64, 8)
	for i := range int64(2) {
		go func() {
			t := newTask(cfg.Seed + i)
			for o := range orders {
				sum := t.step() + uint64(len(o.what))
				fmt.Fprintln(o.conn, sum)
				sums <- sum
			}
		}()
	}
	go func() {
		for sum := range sums {
			b.sum += sum
			b.passes[0]++
		}
	}()
	go func() {
		for {
			conn, err := l.Accept()
			check(err)
			go func() {
				for s := bufio.NewScanner(conn); s.Scan(); {
					orders <- order{conn, s.Text()}
				}
				conn.Close()
			}()
		}
	}()
	time.Sleep(time.Duration(cfg.Span * 1e9))
	finish(b, 1)
	os.Exit(0)
}
