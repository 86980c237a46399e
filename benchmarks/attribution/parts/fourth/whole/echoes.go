package main

import (
	"bufio"
	"encoding/json"
	"net"
)

type call struct {
	N     int    `json:"n"`
	Value uint64 `json:"value"`
}

// One calls over the valley, the other works it out and calls back.
func main() {
	b := newTally(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		conn, err := l.Accept()
		check(err)
		defer conn.Close()
		in, out := json.NewDecoder(bufio.NewReader(conn)), json.NewEncoder(conn)
		for t := newTask(cfg.Seed); ; {
			var c call
			if in.Decode(&c) != nil {
				return
			}
			for range 4 {
				c.Value += t.step()
			}
			check(out.Encode(c))
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	check(err)
	in, out := json.NewDecoder(bufio.NewReader(conn)), json.NewEncoder(conn)
	for !over() {
		check(out.Encode(call{N: b.passes[0]}))
		var c call
		check(in.Decode(&c))
		b.sum ^= c.Value
		b.passes[0]++
	}
	conn.Close()
	finish(b, 1)
}
