package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type neighbour struct {
	name string
	out  chan []byte
}

// branch is a word of what is talked about, with those who want to hear of it; "+" stands for any word.
type branch struct {
	below map[string]*branch
	who   map[*neighbour]bool
}

func (g *branch) add(words []string, who *neighbour) {
	if len(words) == 0 {
		if g.who == nil {
			g.who = map[*neighbour]bool{}
		}
		g.who[who] = true
		return
	}
	if g.below == nil {
		g.below = map[string]*branch{}
	}
	if g.below[words[0]] == nil {
		g.below[words[0]] = &branch{}
	}
	g.below[words[0]].add(words[1:], who)
}

func (g *branch) drop(who *neighbour) {
	delete(g.who, who)
	for _, b := range g.below {
		b.drop(who)
	}
}

func (g *branch) each(words []string, f func(*neighbour)) {
	if g == nil {
		return
	}
	if len(words) == 0 {
		for who := range g.who {
			f(who)
		}
		return
	}
	g.below[words[0]].each(words[1:], f)
	g.below["+"].each(words[1:], f)
}

type square struct {
	mu       sync.RWMutex
	root     branch
	sum, had atomic.Uint64
	missed   atomic.Int64
	all      sync.WaitGroup
}

var errStrange = errors.New("strange talk")

func packet(r *bufio.Reader) (kind byte, body []byte, err error) {
	if kind, err = r.ReadByte(); err != nil {
		return 0, nil, err
	}
	size, err := binary.ReadUvarint(r)
	if err != nil || size > 1<<16 {
		return 0, nil, errors.Join(errStrange, err)
	}
	body = make([]byte, size)
	_, err = io.ReadFull(r, body)
	return kind, body, err
}

func word(body []byte) (string, []byte, error) {
	if len(body) < 2 || len(body) < 2+int(binary.BigEndian.Uint16(body)) {
		return "", nil, errStrange
	}
	n := 2 + int(binary.BigEndian.Uint16(body))
	return string(body[2:n]), body[n:], nil
}

func (n *neighbour) tell(p []byte) bool {
	select {
	case n.out <- p:
		return true
	default:
		return false
	}
}

func (s *square) hear(n *neighbour, kind byte, body []byte, t *task) error {
	switch kind >> 4 {
	case 1:
		n.tell([]byte{0x20, 2, 0, 0})
	case 8:
		if len(body) < 2 {
			return errStrange
		}
		about, _, err := word(body[2:])
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.root.add(strings.Split(about, "/"), n)
		s.mu.Unlock()
		n.tell([]byte{0x90, 3, body[0], body[1], 1})
	case 3:
		about, rest, err := word(body)
		if err != nil || len(rest) < 2 {
			return errStrange
		}
		n.tell([]byte{0x40, 2, rest[0], rest[1]})
		s.sum.Add(t.step() + t.step())
		s.had.Add(1)
		p := append(binary.AppendUvarint([]byte{0x30}, uint64(2+len(about)+len(rest)-2)), body[:2+len(about)]...)
		p = append(p, rest[2:]...)
		s.mu.RLock()
		s.root.each(strings.Split(about, "/"), func(other *neighbour) {
			if !other.tell(p) {
				s.missed.Add(1)
			}
		})
		s.mu.RUnlock()
	case 12:
		n.tell([]byte{0xd0, 0})
	}
	return nil
}

func (s *square) meet(conn net.Conn) {
	defer conn.Close()
	n, r, t := &neighbour{out: make(chan []byte, 64)}, bufio.NewReader(conn), newTask(cfg.Seed)
	var writing sync.WaitGroup
	writing.Go(func() {
		for p := range n.out {
			if _, err := conn.Write(p); err != nil {
				conn.Close()
			}
		}
	})
	for {
		conn.SetReadDeadline(time.Now().Add(45 * time.Second))
		kind, body, err := packet(r)
		if err != nil || s.hear(n, kind, body, t) != nil {
			break
		}
	}
	s.mu.Lock()
	s.root.drop(n)
	s.mu.Unlock()
	close(n.out)
	writing.Wait()
}

// On a square everybody says what they like, and hears what they want to hear of.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	s, open := &square{}, sync.Map{}
	s.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(conn, true)
			s.all.Go(func() { s.meet(conn); open.Delete(conn) })
		}
	})
	for _, every := range []string{"30ms", "47ms", "64ms", "101ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"publishes"}, "at": {l.Addr().String()}, "every": {every},
		})
		check(err)
		answer.Body.Close()
	}
	time.Sleep(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	check(l.Close())
	open.Range(func(conn, _ any) bool { conn.(net.Conn).Close(); return true })
	s.all.Wait()
	b := newTally(0)
	b.sum, b.passes[0] = s.sum.Load()+uint64(s.missed.Load()), int(s.had.Load())
	finish(b, 1)
}
