package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

const piece = 512

// copies are on their way to somebody, a piece at a time.
type copies struct {
	of   []byte
	next int
}

type copyRoom struct {
	conn   *net.UDPConn
	papers map[string][]byte
	going  map[netip.AddrPort]*copies
	t      *task
	b      *tally
}

func (c *copyRoom) send(to netip.AddrPort, going *copies) error {
	from := (going.next - 1) * piece
	out := []byte{0, 3, byte(going.next >> 8), byte(going.next)}
	out = append(out, going.of[from:min(from+piece, len(going.of))]...)
	_, err := c.conn.WriteToUDPAddrPort(out, to)
	return err
}

func (c *copyRoom) heard(text []byte, from netip.AddrPort) error {
	if len(text) < 4 {
		return nil
	}
	switch binary.BigEndian.Uint16(text) {
	case 1:
		name, _, _ := bytes.Cut(text[2:], []byte{0})
		paper, ok := c.papers[string(name)]
		if !ok {
			_, err := c.conn.WriteToUDPAddrPort([]byte("\x00\x05\x00\x01no such paper\x00"), from)
			return err
		}
		c.b.sum += c.t.step()
		c.b.passes[0]++
		c.going[from] = &copies{paper, 1}
		return c.send(from, c.going[from])
	case 4:
		going := c.going[from]
		if going == nil || int(binary.BigEndian.Uint16(text[2:])) != going.next {
			return nil
		}
		if going.next*piece > len(going.of) {
			delete(c.going, from)
			return nil
		}
		going.next++
		return c.send(from, going)
	}
	return nil
}

// Gives copies of papers to those who ask, a piece after the other.
func main() {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	c := &copyRoom{conn, map[string][]byte{}, map[netip.AddrPort]*copies{}, newTask(cfg.Seed), newTally(0)}
	for i := range 9 {
		c.papers[fmt.Sprintf("paper%d", i)] = []byte(strings.Repeat(fmt.Sprintf("of %d, by the hand of a clerk; ", i), 40+i*9))
	}
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"copies"}, "at": {conn.LocalAddr().String()}, "every": {"38ms"}})
	check(err)
	answer.Body.Close()
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for room := make([]byte, 2048); ; {
		n, from, err := conn.ReadFromUDPAddrPort(room)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		check(c.heard(room[:n], from))
	}
	check(conn.Close())
	finish(c.b, 1)
}
