package main

import (
	"net"
	"net/textproto"
	"sync/atomic"
	"time"
)

type ferry struct {
	passages, sum atomic.Uint64
	until         time.Time
}

func (f *ferry) carry(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(f.until)
	t := newTask(cfg.Seed)
	for c := textproto.NewConn(conn); ; {
		if _, err := c.ReadLine(); err != nil {
			return
		}
		f.sum.Add(t.step())
		if c.PrintfLine("over %d", f.passages.Add(1)) != nil {
			return
		}
	}
}

// Carries over whoever comes to the river.
func main() {
	b, f := newTally(0), &ferry{until: began.Add(time.Duration(cfg.Span * 1e9))}
	address, err := net.ResolveTCPAddr("tcp", cfg.Hosts[cfg.Level])
	check(err)
	l, err := net.ListenTCP("tcp", address)
	check(err)
	check(l.SetDeadline(f.until))
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			break
		}
		go f.carry(conn)
	}
	b.passes[0], b.sum = int(f.passages.Load()), f.sum.Load()
	finish(b, 1)
}
