package main

import (
	"math/bits"
	"math/rand"
)

// way is a road by its first so many bits, and what is due on it.
type way struct {
	bits uint32
	long int8
	toll int32 // 0 if it only leads to others
	to   [2]int32
}

// roads are all ways, of which each leads to those that are longer and begin as it does.
type roads struct{ ways []way }

func first(a uint32, n int8) uint32 { return a &^ (1<<(32-uint(n)) - 1) }

func (r *roads) made(w way) int32 {
	r.ways = append(r.ways, w)
	return int32(len(r.ways) - 1)
}

func (r *roads) put(a uint32, n int8, toll int32) {
	a = first(a, n)
	at := int32(0)
	for {
		w := &r.ways[at]
		if w.long == n {
			w.toll = toll
			return
		}
		side := a >> (31 - uint(w.long)) & 1
		next := w.to[side]
		if next == 0 {
			i := r.made(way{bits: a, long: n, toll: toll})
			r.ways[at].to[side] = i
			return
		}
		same := int8(bits.LeadingZeros32(a ^ r.ways[next].bits))
		if same = min(same, n, r.ways[next].long); same == r.ways[next].long {
			at = next
			continue
		}
		fork := way{bits: first(a, same), long: same}
		fork.to[r.ways[next].bits>>(31-uint(same))&1] = next
		if same == n {
			fork.toll = toll
			i := r.made(fork)
			r.ways[at].to[side] = i
			return
		}
		i := r.made(fork)
		r.ways[at].to[side] = i
		at = i
	}
}

func (r *roads) toll(a uint32) (due int32) {
	for at := int32(0); ; {
		w := &r.ways[at]
		if first(a, w.long) != w.bits {
			return due
		}
		if w.toll != 0 {
			due = w.toll
		}
		if w.long == 32 {
			return due
		}
		if at = w.to[a>>(31-uint(w.long))&1]; at == 0 {
			return due
		}
	}
}

// Writes down all roads with what is due on each, and says of many travellers what they have to pay.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	all := &roads{}
	for !over() {
		all.ways = append(all.ways[:0], way{toll: 1})
		for i := range 20000 {
			all.put(r.Uint32(), int8(8+r.Intn(17)), int32(2+i%90))
			all.put(r.Uint32()&0x0fffffff, int8(20+r.Intn(13)), int32(2+i%70))
		}
		for i := range 120000 {
			a := r.Uint32()
			if i%2 == 0 {
				a &= 0x0fffffff
			}
			b.sum += uint64(all.toll(a))
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
