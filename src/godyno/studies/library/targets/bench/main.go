// Command levels times small pieces of work that later instruction sets do better, and some that they do not.
//
// It prints a line "name: femtoseconds per operation" each, to stderr since println is all that it needs: no fmt, so that
// it builds quickly for every level.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"
	"sort"
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
			n += binary.BigEndian.Uint64(bytes[i:])
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
		sort.Ints(xs[:])
		sinkI += int64(xs[7])
	}},
	{"sha256", len(bytes), func() {
		sum := sha256.Sum256(bytes[:])
		sinkU += uint64(sum[0])
	}},
	{"crc32", len(bytes), func() { sinkU += uint64(crc32.ChecksumIEEE(bytes[:])) }},
	{"copy", len(bytes), func() {
		var to [1 << 15]byte
		copy(to[:], bytes[:])
		sinkU += uint64(to[sinkU&1023])
	}},
}

func main() {
	seed := uint64(0x9E3779B97F4A7C15)
	for i := range words {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		words[i] = seed
		floats[i] = float64(seed>>40) / (1 << 24)
		binary.LittleEndian.PutUint64(bytes[i*8:], seed)
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
