// Command levels times small pieces of work that later instruction sets do better, and some that they do not.
//
// It prints a line "name: femtoseconds for one operation" each, to stderr since println is all that it needs. All work is
// plain Go: what the standard library does in assembly asks the processor at run time, whatever the level. Few imports,
// so that it builds quickly for every level.
package main

import (
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

const targetNs = 4_000_000 // of one timing

var (
	words  [4096]uint64
	floats [4096]float64
	bytes  [1 << 15]byte
	sinkU  uint64
	sinkF  float64
	sinkI  int64
	block  [16]uint32
)

type work struct {
	name string
	ops  int // operations in one call
	run  func()
}

var works = []work{
	{"popcount", len(words), func() {
		n := 0
		for _, w := range words {
			n += bits.OnesCount64(w)
		}
		sinkU += uint64(n)
	}},
	{"trailing zeros", len(words), func() {
		n := 0
		for _, w := range words {
			n += bits.TrailingZeros64(w)
		}
		sinkU += uint64(n)
	}},
	{"leading zeros", len(words), func() {
		n := 0
		for _, w := range words {
			n += bits.LeadingZeros64(w)
		}
		sinkU += uint64(n)
	}},
	{"shifts", len(words), func() {
		var n uint64
		for i, w := range words {
			n += w<<(uint(i)&63) ^ w>>(uint(w)&63)
		}
		sinkU += n
	}},
	{"and-not", len(words), func() {
		var n uint64
		for _, w := range words {
			n += w &^ n & (w - 1)
		}
		sinkU += n
	}},
	{"big-endian loads", len(bytes) / 8, func() {
		var n uint64
		for i := 0; i+8 <= len(bytes); i += 8 {
			n += bigEndian(bytes[i : i+8])
		}
		sinkU += n
	}},
	{"fused multiply-add", len(floats), func() {
		s := 0.5
		for _, f := range floats {
			s = math.FMA(s, f, 0.25)
		}
		sinkF += s
	}},
	{"dot product", len(floats), func() {
		s := 0.0
		for i, f := range floats {
			s += f * floats[len(floats)-1-i]
		}
		sinkF += s
	}},
	{"floor", len(floats), func() {
		s := 0.0
		for _, f := range floats {
			s += math.Floor(f * 100)
		}
		sinkF += s
	}},
	{"sum of slices", len(floats), func() {
		for i := range floats {
			floats[i] = floats[i]*0.5 + 0.25
		}
	}},
	{"atomic add", 1024, func() {
		for i := 0; i < 1024; i++ {
			atomic.AddInt64(&sinkI, 1)
		}
	}},
	{"sort", 1024, func() {
		var xs [1024]int
		for i := range xs {
			xs[i] = int(words[i] & 0xffff)
		}
		slices.Sort(xs[:])
		sinkI += int64(xs[7])
	}},
	{"chacha20", 64 * 64, func() {
		for i := uint32(0); i < 64; i++ {
			block[12] = i
			sinkU += uint64(chacha20(&block))
		}
	}},
	{"fnv hash", len(bytes), func() {
		h := uint64(14695981039346656037)
		for _, b := range bytes {
			h = (h ^ uint64(b)) * 1099511628211
		}
		sinkU += h
	}},
	{"bytes counted", len(bytes), func() {
		var counts [256]uint32
		for _, b := range bytes {
			counts[b]++
		}
		sinkU += uint64(counts[7])
	}},
	{"copy", len(bytes), func() {
		var to [1 << 15]byte
		copy(to[:], bytes[:])
		sinkU += uint64(to[sinkU&1023])
	}},
}

func bigEndian(b []byte) uint64 {
	_ = b[7]
	return uint64(b[7]) | uint64(b[6])<<8 | uint64(b[5])<<16 | uint64(b[4])<<24 |
		uint64(b[3])<<32 | uint64(b[2])<<40 | uint64(b[1])<<48 | uint64(b[0])<<56
}

// chacha20 is the block function of RFC 8439, its result folded into one word.
func chacha20(in *[16]uint32) (folded uint32) {
	x := *in
	for round := 0; round < 10; round++ {
		for i := 0; i < 4; i++ {
			quarter(&x, i, 4+i, 8+i, 12+i)
		}
		for i := 0; i < 4; i++ {
			quarter(&x, i, 4+(i+1)&3, 8+(i+2)&3, 12+(i+3)&3)
		}
	}
	for i, w := range x {
		folded ^= w + in[i]
	}
	return folded
}

func quarter(x *[16]uint32, a, b, c, d int) {
	x[a&15] += x[b&15]
	x[d&15] = bits.RotateLeft32(x[d&15]^x[a&15], 16)
	x[c&15] += x[d&15]
	x[b&15] = bits.RotateLeft32(x[b&15]^x[c&15], 12)
	x[a&15] += x[b&15]
	x[d&15] = bits.RotateLeft32(x[d&15]^x[a&15], 8)
	x[c&15] += x[d&15]
	x[b&15] = bits.RotateLeft32(x[b&15]^x[c&15], 7)
}

func main() {
	seed := uint64(0x9E3779B97F4A7C15)
	for i := range words {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		words[i] = seed
		floats[i] = float64(seed>>40) / (1 << 24)
		for j := 0; j < 8; j++ {
			bytes[i*8+j] = byte(seed >> (8 * j))
		}
	}
	for _, w := range works {
		println(w.name+":", int64(nanoseconds(w)*1e6))
	}
}

// nanoseconds of one operation: the least of five timings, each of some milliseconds.
func nanoseconds(w work) float64 {
	calls := 1
	for elapsed(w, calls) < targetNs/8 && calls < 1<<24 {
		calls *= 2
	}
	least := math.Inf(1)
	for i := 0; i < 5; i++ {
		if ns := float64(elapsed(w, calls)) / float64(calls*w.ops); ns < least {
			least = ns
		}
	}
	return least
}

func elapsed(w work, calls int) int64 {
	from := time.Now()
	for i := 0; i < calls; i++ {
		w.run()
	}
	return int64(time.Since(from))
}
