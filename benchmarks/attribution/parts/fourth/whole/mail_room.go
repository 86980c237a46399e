package main

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

type letter struct {
	text []byte
	from net.Addr
}

// One takes letters in, two answer them.
func main() {
	b := newTally(0)
	box, err := net.ListenPacket("udp", cfg.Hosts[14])
	check(err)
	letters := make(chan letter, 16)
	var both sync.WaitGroup
	var mu sync.Mutex
	for i := range int64(2) {
		both.Go(func() {
			t := newTask(cfg.Seed + i)
			for l := range letters {
				sum := t.step()
				box.WriteTo(binary.LittleEndian.AppendUint64(nil, sum), l.from)
				mu.Lock()
				b.sum += sum
				b.passes[0]++
				mu.Unlock()
			}
		})
	}
	check(box.SetReadDeadline(time.Now().Add(time.Duration(cfg.Span * 1e9))))
	for {
		text := make([]byte, 256)
		n, from, err := box.ReadFrom(text)
		if err != nil {
			break
		}
		letters <- letter{text[:n], from}
	}
	close(letters)
	both.Wait()
	finish(b, 1)
}
