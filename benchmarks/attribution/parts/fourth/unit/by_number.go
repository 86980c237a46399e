package main

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// desk sends questions with a number on them, and gives each answer to whoever asked.
type desk struct {
	conn net.PacketConn
	to   net.Addr
	mu   sync.Mutex
	open map[uint64]chan []byte
	next uint64
}

func (d *desk) listen() {
	room := make([]byte, 256)
	for {
		n, _, err := d.conn.ReadFrom(room)
		if err != nil {
			return
		}
		number := binary.LittleEndian.Uint64(room)
		d.mu.Lock()
		asked := d.open[number]
		delete(d.open, number)
		d.mu.Unlock()
		if asked != nil {
			asked <- append([]byte(nil), room[8:n]...)
		}
	}
}

func (d *desk) ask(ctx context.Context, text string) ([]byte, error) {
	heard := make(chan []byte, 1)
	d.mu.Lock()
	d.next++
	number := d.next
	d.open[number] = heard
	d.mu.Unlock()
	if _, err := d.conn.WriteTo(append(binary.LittleEndian.AppendUint64(nil, number), text...), d.to); err != nil {
		return nil, err
	}
	select {
	case answer := <-heard:
		return answer, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type unit struct {
	desk desk
	size int
}

func newUnit() *unit {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	to, err := net.ResolveUDPAddr("udp", cfg.Hosts[7])
	check(err)
	u := &unit{desk: desk{conn: conn, to: to, open: map[uint64]chan []byte{}}}
	go u.desk.listen()
	return u
}

func (u *unit) pass() {
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	for _, what := range []string{"how many", "of what"} {
		answer, err := u.desk.ask(ctx, what)
		check(err)
		u.size += len(answer)
	}
}

func (u *unit) end() { u.desk.conn.Close() }
