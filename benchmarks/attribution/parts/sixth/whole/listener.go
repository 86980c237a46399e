package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// frames reads what comes in frames that say first how long they are.
func frames(r io.Reader, f func(text []byte)) error {
	in := bufio.NewReader(r)
	var room [1 << 16]byte
	for {
		if _, err := io.ReadFull(in, room[:2]); err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint16(room[:]))
		if _, err := io.ReadFull(in, room[:size]); err != nil {
			return err
		}
		f(room[:size])
	}
}

// Hears what is told until nothing more is.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	conn, err := net.Dial("tcp", cfg.Hosts[21])
	check(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "SUB 25ms %d\n", int(cfg.Span*1000/25))
	check(err)
	err = frames(conn, func(text []byte) {
		for range 14 {
			b.sum += t.step() + uint64(len(text))
			b.passes[0]++
		}
	})
	if !errors.Is(err, io.EOF) {
		check(err)
	}
	finish(b, 1)
}
