package main

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// glimpse tells about how many different ones there were.
type glimpse [1 << 12]uint8

func (g *glimpse) see(h uint64) {
	at := h >> 52
	g[at] = max(g[at], uint8(bits.LeadingZeros64(h<<12|1))+1)
}

func (g *glimpse) many() float64 {
	sum, none := 0.0, 0
	for _, v := range g {
		sum += math.Ldexp(1, -int(v))
		if v == 0 {
			none++
		}
	}
	m := float64(len(g))
	if e := 0.7213 / (1 + 1.079/m) * m * m / sum; e > 2.5*m || none == 0 {
		return e
	}
	return m * math.Log(m/float64(none))
}

// marks tell about how often each was seen, never too seldom.
type marks [4][1 << 14]uint32

func (k *marks) see(h uint64) (least uint32) {
	least = math.MaxUint32
	for i := range k {
		at := &k[i][h>>(i*12)&(1<<14-1)]
		*at++
		least = min(least, *at)
	}
	return least
}

// gate lets nobody in who was not there before, or hardly anybody.
type gate [1 << 13]uint64

func (g *gate) knows(h uint64) bool {
	known := true
	for i := range 5 {
		at := (h + uint64(i)*(h>>32|1)) % (1 << 19)
		known = known && g[at>>6]>>(at&63)&1 == 1
		g[at>>6] |= 1 << (at & 63)
	}
	return known
}

// Stands at a door and knows about how many went in, how often, and who for the first time.
func main() {
	t, b, seed := newTask(cfg.Seed), newTally(0), maphash.MakeSeed()
	g, k, d := &glimpse{}, &marks{}, &gate{}
	var name [24]byte
	for n := uint64(cfg.Seed); !over(); {
		fresh, often := 0, uint32(0)
		for range 8000 {
			n = n*6364136223846793005 + 1442695040888963407
			who := n >> 33 & (n>>45 | 0xfff)
			for i := range name {
				name[i] = byte('a' + who>>(i*2)&15)
			}
			h := maphash.Bytes(seed, name[:])
			g.see(h)
			often = max(often, k.see(h))
			if !d.knows(h) {
				fresh++
			}
		}
		b.sum += t.step() + uint64(fresh) + uint64(often) + uint64(g.many())
		if b.passes[0]++; b.passes[0]%200 == 0 {
			*g, *k, *d = glimpse{}, marks{}, gate{}
		}
	}
	finish(b, 1)
}
