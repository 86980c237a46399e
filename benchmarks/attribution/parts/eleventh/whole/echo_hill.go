package main

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

const (
	cookie = 0x2112a442
	mark   = 0x5354554e
)

type hill struct {
	conn *net.UDPConn
	t    *task
	b    *tally
	gone sync.WaitGroup
}

// echo says from where it heard somebody, in such a way that nobody on the way mends it.
func (h *hill) echo(text []byte, from netip.AddrPort) []byte {
	if len(text) < 20 || binary.BigEndian.Uint16(text) != 1 || binary.BigEndian.Uint32(text[4:]) != cookie {
		return nil
	}
	h.b.sum += h.t.step()
	h.b.passes[0]++
	at := from.Addr().Unmap().As4()
	out := append([]byte{1, 1, 0, 20}, text[4:20]...)
	out = append(out, 0, 0x20, 0, 8, 0, 1)
	out = binary.BigEndian.AppendUint16(out, from.Port()^cookie>>16)
	out = binary.BigEndian.AppendUint32(out, binary.BigEndian.Uint32(at[:])^cookie)
	print := crc32.ChecksumIEEE(out) ^ mark
	out = append(out, 0x80, 0x28, 0, 4)
	return binary.BigEndian.AppendUint32(out, print)
}

func (h *hill) listen() {
	for room := make([]byte, 1500); ; {
		n, from, err := h.conn.ReadFromUDPAddrPort(room)
		if err != nil {
			return
		}
		if out := h.echo(room[:n], from); out != nil {
			h.conn.WriteToUDPAddrPort(out, from)
		}
	}
}

// Answers those who call to it, and says where it heard them, until the evening.
func main() {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	h := &hill{conn: conn, t: newTask(cfg.Seed), b: newTally(0)}
	h.gone.Go(h.listen)
	for _, every := range []string{"23ms", "37ms", "61ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"calls_out"}, "at": {conn.LocalAddr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	evening := time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { conn.Close() })
	h.gone.Wait()
	evening.Stop()
	finish(h.b, 1)
}
