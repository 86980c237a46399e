package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// line is one to the group's office, with calls that are answered one after the other.
type line struct {
	conn   net.Conn
	number uint64
}

func dialled() *line {
	conn, err := net.Dial("tcp", cfg.Hosts[32])
	check(err)
	return &line{conn: conn}
}

func (l *line) call(kind byte, value uint64) ([]byte, error) {
	l.number++
	out := binary.BigEndian.AppendUint64([]byte{kind}, l.number)
	if _, err := l.conn.Write(binary.BigEndian.AppendUint64(out, value)); err != nil {
		return nil, err
	}
	var head [12]byte
	if _, err := io.ReadFull(l.conn, head[:]); err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint64(head[:]) != l.number {
		return nil, errors.New("another call's answer")
	}
	body := make([]byte, binary.BigEndian.Uint32(head[8:]))
	_, err := io.ReadFull(l.conn, body)
	return body, err
}

type member struct {
	sung    atomic.Uint64 // up to where all is done
	office  *line
	records *line
	leaving chan struct{}
}

// stays lets the office know that it is still there, and now and then how far it is.
func (m *member) stays() {
	beat, note := time.NewTicker(110*time.Millisecond), time.NewTicker(240*time.Millisecond)
	defer beat.Stop()
	defer note.Stop()
	for {
		var err error
		select {
		case <-m.leaving:
			_, err = m.office.call('C', m.sung.Load())
			check(err)
			_, err = m.office.call('L', 0)
			check(err)
			return
		case <-beat.C:
			_, err = m.office.call('H', 0)
		case <-note.C:
			_, err = m.office.call('C', m.sung.Load())
		}
		check(err)
	}
}

func (m *member) fetch(out chan<- []byte) {
	defer close(out)
	for at := uint64(0); !over(); {
		body, err := m.records.call('F', at)
		check(err)
		for len(body) >= 4 {
			n := 4 + int(binary.BigEndian.Uint32(body))
			out <- body[4:n]
			body = body[n:]
			at++
		}
	}
}

// One of a group of singers sings what is laid before it, for as long as it belongs to the group.
func main() {
	m := &member{office: dialled(), records: dialled(), leaving: make(chan struct{})}
	_, err := m.office.call('J', 1)
	check(err)
	var all sync.WaitGroup
	all.Go(m.stays)
	notes := make(chan []byte, 16)
	go m.fetch(notes)
	t, b := newTask(cfg.Seed), newTally(0)
	for note := range notes {
		b.sum += t.step() + t.step() + uint64(note[len(note)-1])
		b.passes[0]++
		m.sung.Add(1)
	}
	close(m.leaving)
	all.Wait()
	check(m.office.conn.Close())
	check(m.records.conn.Close())
	finish(b, 1)
}
