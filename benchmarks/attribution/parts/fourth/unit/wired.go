package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// wire speaks in messages that say first how long they are.
type wire struct {
	*bufio.ReadWriter
	conn net.Conn
}

func dial(where string) (*wire, error) {
	conn, err := net.Dial("tcp", where)
	if err != nil {
		return nil, err
	}
	return &wire{bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), conn}, nil
}

func (w *wire) ask(text []byte) ([]byte, error) {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(text)))
	w.Write(size[:])
	w.Write(text)
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(w, size[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(w, answer)
	return answer, err
}

// Wires that are taken from a rack and put back.
type unit struct {
	rack []*wire
	got  int
}

func newUnit() *unit { return &unit{} }

func (u *unit) with(f func(*wire) error) error {
	var w *wire
	if last := len(u.rack) - 1; last >= 0 {
		w, u.rack = u.rack[last], u.rack[:last]
	} else {
		var err error
		if w, err = dial(cfg.Hosts[17]); err != nil {
			return err
		}
	}
	defer func() { u.rack = append(u.rack, w) }()
	return f(w)
}

func (u *unit) pass() {
	check(u.with(func(w *wire) error {
		answer, err := w.ask([]byte("which of them, and since when"))
		u.got += len(answer)
		return err
	}))
}

func (u *unit) end() {
	for _, w := range u.rack {
		w.conn.Close()
	}
}
