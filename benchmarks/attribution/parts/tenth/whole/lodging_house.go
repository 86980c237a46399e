package main

import (
	"container/list"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"time"
)

var errNot = errors.New("no such question")

type lodging struct {
	guest [6]byte
	at    netip.Addr
	until time.Time
}

// house has so many lodgings; who was here before gets the same again, and the one that was left longest ago goes first.
type house struct {
	of   map[[6]byte]*list.Element
	row  *list.List
	own  netip.Addr
	room [576]byte
}

func (h *house) lodging(guest [6]byte) *lodging {
	if e := h.of[guest]; e != nil {
		h.row.MoveToBack(e)
		return e.Value.(*lodging)
	}
	e := h.row.Front()
	l := e.Value.(*lodging)
	delete(h.of, l.guest)
	l.guest = guest
	h.of[guest] = e
	h.row.MoveToBack(e)
	return l
}

// option is what a question says under a number.
func option(text []byte, number byte) []byte {
	for len(text) > 1 && text[0] != 255 {
		if text[0] == 0 {
			text = text[1:]
			continue
		}
		end := 2 + int(text[1])
		if end > len(text) {
			return nil
		}
		if text[0] == number {
			return text[2:end]
		}
		text = text[end:]
	}
	return nil
}

func (h *house) answer(question []byte, now time.Time) ([]byte, error) {
	if len(question) < 244 || question[0] != 1 || binary.BigEndian.Uint32(question[236:]) != 0x63825363 {
		return nil, errNot
	}
	kind := option(question[240:], 53)
	if len(kind) != 1 {
		return nil, errNot
	}
	l := h.lodging([6]byte(question[28:34]))
	says := byte(2)
	if kind[0] == 3 {
		says = 5
		if at := option(question[240:], 50); len(at) != 4 || netip.AddrFrom4([4]byte(at)) != l.at {
			says = 6
		} else {
			l.until = now.Add(time.Hour)
		}
	}
	out := h.room[:240]
	clear(out)
	copy(out[:34], question[:34])
	out[0] = 2
	copy(out[16:], l.at.AsSlice())
	copy(out[236:], question[236:240])
	out = append(out, 53, 1, says, 54, 4)
	out = append(append(out, h.own.AsSlice()...), 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 255)
	return out, nil
}

// Gives lodgings to those who come, until the house is closed.
func main() {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	for _, every := range []string{"27ms", "44ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"guests"}, "at": {conn.LocalAddr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	t, b := newTask(cfg.Seed), newTally(0)
	h := &house{of: map[[6]byte]*list.Element{}, row: list.New(), own: netip.AddrFrom4([4]byte{10, 9, 8, 1})}
	for i := range 40 {
		h.row.PushBack(&lodging{at: netip.AddrFrom4([4]byte{10, 9, 8, byte(10 + i)})})
	}
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for room := make([]byte, 1500); ; {
		n, from, err := conn.ReadFromUDPAddrPort(room)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		out, err := h.answer(room[:n], time.Now())
		if err != nil {
			continue
		}
		b.sum += t.step() + uint64(len(out))
		b.passes[0]++
		conn.WriteToUDPAddrPort(out, from)
	}
	check(conn.Close())
	finish(b, 1)
}
