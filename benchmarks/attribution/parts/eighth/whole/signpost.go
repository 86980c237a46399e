package main

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

type record struct {
	kind uint16
	data []byte
}

type signpost struct {
	ways map[string][]record
	b    *tally
	t    *task
}

var errShort = errors.New("cut off")

// question takes the first question out of a message, and where it ends.
func question(q []byte) (name string, kind uint16, end int, err error) {
	if len(q) < 17 || binary.BigEndian.Uint16(q[4:]) != 1 {
		return "", 0, 0, errShort
	}
	var labels []string
	for end = 12; end < len(q) && q[end] != 0; end += 1 + int(q[end]) {
		if end+1+int(q[end]) > len(q) {
			return "", 0, 0, errShort
		}
		labels = append(labels, strings.ToLower(string(q[end+1:end+1+int(q[end])])))
	}
	if end+5 > len(q) {
		return "", 0, 0, errShort
	}
	return strings.Join(labels, "."), binary.BigEndian.Uint16(q[end+1:]), end + 5, nil
}

func (s *signpost) answer(q, out []byte) ([]byte, error) {
	name, kind, end, err := question(q)
	if err != nil {
		return nil, err
	}
	out = append(out[:0], q[:end]...)
	out[2], out[3] = 0x85, 0
	records, known := s.ways[name]
	if !known {
		out[3] = 3
	}
	n := 0
	for _, r := range records {
		if r.kind == kind {
			out = append(out, 0xc0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 1, 44)
			out = binary.BigEndian.AppendUint16(out, uint16(len(r.data)))
			out = append(out, r.data...)
			n++
		}
	}
	binary.BigEndian.PutUint16(out[6:], uint16(n))
	s.b.sum += s.t.step() + uint64(len(out))
	s.b.passes[0]++
	return out, nil
}

// Shows the way to whoever asks.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	context.AfterFunc(ctx, func() { conn.Close() })
	for _, one := range [][2]string{{"queries", "23ms"}, {"queries", "41ms"}, {"term", strconv.Itoa(int(cfg.Span*1000)) + "ms"}} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {one[0]}, "at": {conn.LocalAddr().String()}, "every": {one[1]}, "pid": {strconv.Itoa(os.Getpid())},
		})
		check(err)
		answer.Body.Close()
	}
	s := &signpost{b: newTally(0), t: newTask(cfg.Seed), ways: map[string][]record{
		"north.sample.example": {{1, []byte{10, 0, 0, 1}}, {1, []byte{10, 0, 0, 2}}},
		"south.sample.example": {{1, []byte{10, 0, 1, 1}}, {28, make([]byte, 16)}},
		"mail.sample.example":  {{16, append([]byte{11}, "a few words"...)}},
	}}
	for q, out := make([]byte, 1232), make([]byte, 0, 1232); ; {
		n, from, err := conn.ReadFrom(q)
		if errors.Is(err, net.ErrClosed) {
			break
		}
		check(err)
		if out, err = s.answer(q[:n], out); err == nil {
			conn.WriteTo(out, from)
		}
	}
	finish(s.b, 1)
}
