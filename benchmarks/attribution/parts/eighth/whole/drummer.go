package main

import (
	"encoding/binary"
	"math"
	"net"
	"time"
)

// loud puts a sample into eight bits, finer where it is quiet.
func loud(v int) byte {
	sign := byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + 132
	high := 7
	for mask := 0x4000; v&mask == 0 && high > 0; mask >>= 1 {
		high--
	}
	return ^(sign | byte(high)<<4 | byte(v>>(high+3))&15)
}

type drum struct {
	pitch, at float64
	beat      uint32
	frame     [12 + 160]byte
}

func (d *drum) next() []byte {
	d.frame[0], d.frame[1] = 0x80, 0
	binary.BigEndian.PutUint16(d.frame[2:], uint16(d.beat))
	binary.BigEndian.PutUint32(d.frame[4:], d.beat*160)
	for i := range 160 {
		d.at += d.pitch
		fade := math.Exp(-float64(d.beat%25) / 8)
		d.frame[12+i] = loud(int(20000 * fade * math.Sin(d.at)))
	}
	d.beat++
	return d.frame[:]
}

// Drums for somebody far away, fifty beats a second and no more.
func main() {
	conn, err := net.Dial("udp", cfg.Hosts[31])
	check(err)
	defer conn.Close()
	t, b, d := newTask(cfg.Seed), newTally(0), &drum{pitch: 0.11}
	clock := time.NewTicker(20 * time.Millisecond)
	defer clock.Stop()
	for !over() {
		<-clock.C
		_, err := conn.Write(d.next())
		check(err)
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
