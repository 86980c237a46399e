package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// Serves those who come from within the house.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	os.Remove(cfg.Hosts[19])
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: cfg.Hosts[19], Net: "unix"})
	check(err)
	until := time.Now().Add(time.Duration(cfg.Span * 1e9))
	check(l.SetDeadline(until))
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		check(conn.SetDeadline(until))
		for r := bufio.NewReader(conn); ; {
			if _, err := r.ReadString('\n'); err != nil {
				break
			}
			b.sum += t.step()
			b.passes[0]++
			io.WriteString(conn, strconv.FormatUint(b.sum, 10)+"\n")
		}
		conn.Close()
	}
	finish(b, 1)
}
