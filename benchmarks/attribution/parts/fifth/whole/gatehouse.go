package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Opens to those of the house, until a sign is given or it is late.
func main() {
	sign, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ctx, late := context.WithTimeout(sign, time.Duration(cfg.Span*1e9))
	defer late()
	b := newTally(0)
	var mu sync.Mutex
	os.Remove(cfg.Hosts[19])
	l, err := net.Listen("unix", cfg.Hosts[19])
	check(err)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				t := newTask(cfg.Seed)
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					sum := t.step()
					mu.Lock()
					b.sum += sum
					b.passes[0]++
					mu.Unlock()
					fmt.Fprintln(conn, sum, lines.Text())
				}
			}()
		}
	}()
	<-ctx.Done()
	l.Close()
	mu.Lock()
	finish(b, 1)
}
