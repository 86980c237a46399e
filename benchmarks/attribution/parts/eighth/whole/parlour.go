package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type seat struct {
	mu   sync.Mutex
	conn net.Conn
	r    *bufio.Reader
}

func (s *seat) say(kind byte, text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame := append([]byte{0x80 | kind, byte(len(text))}, text...)
	_, err := s.conn.Write(frame)
	return err
}

func (s *seat) hear() (kind byte, text []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(s.r, head[:]); err != nil {
		return
	}
	size := int(head[1] & 127)
	if size == 126 {
		var more [2]byte
		if _, err = io.ReadFull(s.r, more[:]); err != nil {
			return
		}
		size = int(binary.BigEndian.Uint16(more[:]))
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err = io.ReadFull(s.r, mask[:]); err != nil {
			return
		}
	}
	text = make([]byte, size)
	_, err = io.ReadFull(s.r, text)
	for i := range text {
		text[i] ^= mask[i&3]
	}
	return head[0] & 15, text, err
}

type parlour struct {
	mu       sync.Mutex
	seats    map[*seat]bool
	all      sync.WaitGroup
	sum, had atomic.Uint64
}

func (p *parlour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		http.Error(w, "only for a talk", http.StatusUpgradeRequired)
		return
	}
	conn, both, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	proof := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(proof[:]))
	s := &seat{conn: conn, r: both.Reader}
	p.mu.Lock()
	p.seats[s] = true
	p.mu.Unlock()
	p.all.Go(func() { p.talk(s) })
}

func (p *parlour) talk(s *seat) {
	defer s.conn.Close()
	for t := newTask(cfg.Seed); ; {
		kind, text, err := s.hear()
		if err != nil || kind == 8 {
			return
		}
		if kind == 1 {
			v := t.step() + t.step() + uint64(len(text))
			p.sum.Add(v)
			p.had.Add(1)
			s.say(1, fmt.Appendf(nil, "I think %x", v))
		}
	}
}

func (p *parlour) each(f func(*seat)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.seats {
		f(s)
	}
}

// Talks to whoever sits down, for as long as they stay.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	p := &parlour{seats: map[*seat]bool{}}
	server := &http.Server{Handler: p}
	go server.Serve(l)
	for _, every := range []string{"32ms", "55ms", "90ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"sockets"}, "at": {l.Addr().String()}, "every": {every},
		})
		check(err)
		answer.Body.Close()
	}
	late := time.After(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	for still, open := time.NewTicker(250*time.Millisecond), true; open; {
		select {
		case <-still.C:
			p.each(func(s *seat) { s.say(9, []byte("still there?")) })
		case <-late:
			open = false
		}
	}
	p.each(func(s *seat) { s.say(8, nil) })
	p.all.Wait()
	check(server.Close())
	b := newTally(0)
	b.sum, b.passes[0] = p.sum.Load(), int(p.had.Load())
	finish(b, 1)
}
