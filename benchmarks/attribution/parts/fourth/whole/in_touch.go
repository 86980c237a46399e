package main

import (
	"bufio"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Works, and stays in touch with somebody meanwhile.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	conn, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	var far, heard atomic.Int64
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			fmt.Fprintln(conn, "still here, at", far.Load())
		}
	}()
	go func() {
		for s := bufio.NewScanner(conn); s.Scan(); {
			heard.Add(1)
		}
	}()
	for !over() {
		b.sum += t.step()
		b.passes[0]++
		far.Add(1)
	}
	b.sum += uint64(heard.Load())
	finish(b, 1)
}
