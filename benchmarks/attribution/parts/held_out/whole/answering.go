package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"time"
)

// A small service of its own, that one client asks in bursts.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	b := newTally(0)
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() {
		finish(b, 1)
		os.Exit(0)
	})
	go func() {
		conn, err := net.Dial("tcp", l.Addr().String())
		check(err)
		r := bufio.NewReader(conn)
		for {
			fmt.Fprintln(conn, "next")
			r.ReadString('\n')
		}
	}()
	conn, err := l.Accept()
	check(err)
	t, r := newTask(cfg.Seed), bufio.NewReader(conn)
	for {
		_, err := r.ReadString('\n')
		check(err)
		b.sum += t.step()
		b.passes[0]++
		fmt.Fprintf(conn, "%016x\n", b.sum)
	}
}
