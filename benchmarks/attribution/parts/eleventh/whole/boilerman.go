package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const gauges = 64

// boiler has gauges that can be read and valves that can be set, by number.
type boiler struct {
	is  [gauges]uint16
	set [gauges]uint16
	t   *task
	b   *tally
}

// tend is what a boiler does by itself between two questions.
func (b *boiler) tend() {
	b.b.sum += b.t.step()
	b.b.passes[0]++
	for i := range b.is {
		b.is[i] += (b.set[i]-b.is[i])>>2 + uint16(b.b.sum>>(i%32)&1)
	}
}

// answer says what was asked for: so many gauges from one on, or that a valve is set; else that it does not know how.
func (b *boiler) answer(asked []byte) []byte {
	if len(asked) < 5 {
		return []byte{asked[0] | 0x80, 3}
	}
	at, v := int(binary.BigEndian.Uint16(asked[1:])), binary.BigEndian.Uint16(asked[3:])
	switch {
	case asked[0] == 3 && at+int(v) <= gauges:
		out := []byte{3, byte(v * 2)}
		for _, one := range b.is[at : at+int(v)] {
			out = binary.BigEndian.AppendUint16(out, one)
		}
		return out
	case asked[0] == 6 && at < gauges:
		b.set[at] = v
		return asked[:5]
	}
	return []byte{asked[0] | 0x80, 2}
}

func (b *boiler) serve(c net.Conn) error {
	var head [7]byte
	for room := make([]byte, 256); ; {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint16(head[4:])) - 1
		if n < 1 || n > len(room) {
			return io.ErrUnexpectedEOF
		}
		if _, err := io.ReadFull(c, room[:n]); err != nil {
			return err
		}
		b.tend()
		out := b.answer(room[:n])
		binary.BigEndian.PutUint16(head[4:], uint16(1+len(out)))
		if _, err := c.Write(append(head[:], out...)); err != nil {
			return err
		}
	}
}

// Minds a boiler for a master who asks now and then how it is.
func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	check(err)
	b := &boiler{t: newTask(cfg.Seed), b: newTally(0)}
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"gauges"}, "at": {l.Addr().String()}, "every": {"27ms"}})
	check(err)
	answer.Body.Close()
	c, err := l.Accept()
	check(err)
	check(c.SetDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	if err := b.serve(c); !errors.Is(err, os.ErrDeadlineExceeded) {
		check(err)
	}
	check(c.Close())
	check(l.Close())
	finish(b.b, 1)
}
