package main

import (
	"encoding/binary"
	"net"
	"time"
)

// Sends every dove back with an answer.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	address, err := net.ResolveUDPAddr("udp", cfg.Hosts[14])
	check(err)
	cote, err := net.ListenUDP("udp", address)
	check(err)
	time.AfterFunc(time.Duration(cfg.Span*1e9), func() { cote.Close() })
	var note, answer [64]byte
	for {
		n, from, err := cote.ReadFromUDPAddrPort(note[:])
		if err != nil {
			break
		}
		b.sum += t.step() + uint64(n)
		b.passes[0]++
		binary.BigEndian.PutUint64(answer[:], b.sum)
		cote.WriteToUDPAddrPort(answer[:8], from)
	}
	finish(b, 1)
}
