package main

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

type house struct {
	mu     sync.Mutex
	conn   net.PacketConn
	others []net.Addr
	seen   map[uint16]time.Time
	t      *task
	b      *tally
}

func (h *house) look() {
	for room := make([]byte, 64); ; {
		n, _, err := h.conn.ReadFrom(room)
		if err != nil {
			return
		}
		if n < 10 {
			continue
		}
		h.mu.Lock()
		h.seen[binary.BigEndian.Uint16(room)] = time.Now()
		h.mu.Unlock()
	}
}

func (h *house) flash(ctx context.Context, own uint16) {
	for turn := time.NewTicker(55 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			turn.Stop()
			h.conn.Close()
			return
		case <-turn.C:
			dark := 0
			h.mu.Lock()
			for _, at := range h.seen {
				if time.Since(at) > time.Second {
					dark++
				}
			}
			h.mu.Unlock()
			h.b.sum += h.t.step() + uint64(dark)
			h.b.passes[0]++
			light := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, own), h.b.sum)
			for _, other := range h.others {
				h.conn.WriteTo(light, other)
			}
		}
	}
}

// Three houses, each of which sees whether the others still have light.
func main() {
	ctx, day := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer day()
	houses := make([]*house, 3)
	for i := range houses {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		check(err)
		houses[i] = &house{conn: conn, seen: map[uint16]time.Time{}, t: newTask(cfg.Seed + int64(i)), b: newTally(0)}
	}
	var all sync.WaitGroup
	for i, h := range houses {
		for k, other := range houses {
			if k != i {
				h.others = append(h.others, other.conn.LocalAddr())
			}
		}
		all.Go(h.look)
		all.Go(func() { h.flash(ctx, uint16(i)) })
	}
	all.Wait()
	b := newTally(0)
	for _, h := range houses {
		b.add(h.b)
	}
	finish(b, 1)
}
