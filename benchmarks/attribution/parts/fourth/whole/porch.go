package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Talks to whoever comes to the porch, until dark.
func main() {
	ctx, dark := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer dark()
	b := newTally(0)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Hosts[cfg.Level])
	check(err)
	context.AfterFunc(ctx, func() { l.Close() })
	var all sync.WaitGroup
	var mu sync.Mutex
	for n := int64(0); ; n++ {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		all.Add(1)
		go func() {
			defer all.Done()
			context.AfterFunc(ctx, func() { conn.Close() })
			t, own := newTask(cfg.Seed+n), newTally(0)
			for s := bufio.NewScanner(conn); s.Scan(); {
				own.sum += t.step()
				own.passes[0]++
				fmt.Fprintf(conn, "%s: %d\n", s.Text(), own.sum&1023)
			}
			mu.Lock()
			b.add(own)
			mu.Unlock()
		}()
	}
	all.Wait()
	finish(b, 1)
}
