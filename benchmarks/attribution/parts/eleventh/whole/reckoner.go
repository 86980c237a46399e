package main

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"time"
)

var word = []byte("between us")

// account is how long somebody was there, and how much he had.
type account struct{ stays, seconds, octets uint64 }

type reckoner struct {
	conn  *net.UDPConn
	books map[string]*account
	t     *task
	b     *tally
}

// signed is what stands in a message in place of its seal.
func signed(text, in []byte) [16]byte {
	h := md5.New()
	h.Write(text[:4])
	h.Write(in)
	h.Write(text[20:])
	h.Write(word)
	return [16]byte(h.Sum(nil))
}

func (r *reckoner) note(text []byte) {
	who, seconds, octets := "", uint64(0), uint64(0)
	for rest := text[20:]; len(rest) > 2 && int(rest[1]) >= 2 && int(rest[1]) <= len(rest); rest = rest[rest[1]:] {
		switch v := rest[2:rest[1]]; {
		case rest[0] == 1:
			who = string(v)
		case rest[0] == 46 && len(v) == 4:
			seconds = uint64(binary.BigEndian.Uint32(v))
		case rest[0] == 42 && len(v) == 4:
			octets = uint64(binary.BigEndian.Uint32(v))
		}
	}
	a := r.books[who]
	if a == nil {
		a = &account{}
		r.books[who] = a
	}
	a.stays++
	a.seconds += seconds
	a.octets += octets
}

func (r *reckoner) heard(text []byte, from netip.AddrPort) error {
	if len(text) < 20 || text[0] != 4 || int(binary.BigEndian.Uint16(text[2:])) != len(text) {
		return nil
	}
	if seal := signed(text, make([]byte, 16)); !bytes.Equal(seal[:], text[4:20]) {
		return nil
	}
	r.note(text)
	r.b.sum += r.t.step()
	r.b.passes[0]++
	out := make([]byte, 20)
	out[0], out[1], out[3] = 5, text[1], 20
	seal := signed(out, text[4:20])
	copy(out[4:], seal[:])
	_, err := r.conn.WriteToUDPAddrPort(out, from)
	return err
}

// Keeps the accounts of guests who come and go.
func main() {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	r := &reckoner{conn, map[string]*account{}, newTask(cfg.Seed), newTally(0)}
	for _, every := range []string{"29ms", "53ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"accounts"}, "at": {conn.LocalAddr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for room := make([]byte, 4096); ; {
		n, from, err := conn.ReadFromUDPAddrPort(room)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		check(r.heard(room[:n], from))
	}
	check(conn.Close())
	r.b.sum += uint64(len(r.books))
	finish(r.b, 1)
}
