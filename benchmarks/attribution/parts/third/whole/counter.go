package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"time"
)

// At a counter: whoever comes is served.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	l, err := net.Listen("tcp", cfg.Hosts[13])
	check(err)
	asked := make(chan net.Conn)
	go func() {
		for {
			conn, err := l.Accept()
			check(err)
			asked <- conn
		}
	}()
	lines, closing := make(chan func()), time.After(time.Duration(cfg.Span*1e9))
	for {
		select {
		case conn := <-asked:
			go func() {
				for s := bufio.NewScanner(conn); s.Scan(); {
					served := make(chan bool)
					lines <- func() {
						b.sum += t.step()
						b.passes[0]++
						fmt.Fprintf(conn, "%016x\n", b.sum)
						close(served)
					}
					<-served
				}
				conn.Close()
			}()
		case serve := <-lines:
			serve()
		case <-closing:
			finish(b, 1)
			os.Exit(0)
		}
	}
}
