package main

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand"
)

const (
	least = 2 << 10
	most  = 32 << 10
	mask  = 1<<13 - 1
)

// bag holds each rag once, by what it looks like; a heap of them is known by its rags.
type bag struct {
	gear  [256]uint64
	rags  map[[32]byte]int
	size  int
	saved int
}

// cut is where a rag ends: where the last few bytes look so and so, whatever was put in before.
func (g *bag) cut(heap []byte) int {
	if len(heap) <= least {
		return len(heap)
	}
	h := uint64(0)
	for i, c := range heap[least:min(len(heap), most)] {
		if h = h<<1 + g.gear[c]; h>>40&mask == 0 {
			return least + i + 1
		}
	}
	return min(len(heap), most)
}

func (g *bag) pick(heap []byte) [32]byte {
	all := sha256.New()
	for len(heap) > 0 {
		n := g.cut(heap)
		sum := sha256.Sum256(heap[:n])
		if g.rags[sum]++; g.rags[sum] > 1 {
			g.saved += n
		} else {
			g.size += n
		}
		all.Write(sum[:])
		heap = heap[n:]
	}
	var sum [32]byte
	all.Sum(sum[:0])
	return sum
}

// Picks rags out of heaps that are nearly as they were yesterday, and keeps only what is new.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	g := &bag{rags: map[[32]byte]int{}}
	for i := range g.gear {
		g.gear[i] = r.Uint64()
	}
	heap := make([]byte, 3<<20)
	r.Read(heap)
	for n := 0; !over(); n++ {
		if n%40 == 39 {
			clear(g.rags)
		}
		for range 5 {
			at := r.Intn(len(heap) - 100)
			copy(heap[at+1:], heap[at:len(heap)-1]) // one byte more, and all after it a place further
			heap[at] = byte(n)
		}
		sum := g.pick(heap)
		b.sum += binary.LittleEndian.Uint64(sum[:]) + t.step()
		b.passes[0]++
	}
	b.sum += uint64(g.saved - g.size)
	finish(b, 1)
}
