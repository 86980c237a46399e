package main

import (
	"container/heap"
	"math/rand"
)

type knot struct {
	count       int
	letter      int
	left, right int
}

type cord struct {
	knots []knot
	heap  []int
}

func (c *cord) Len() int { return len(c.heap) }
func (c *cord) Less(i, j int) bool {
	a, b := c.knots[c.heap[i]], c.knots[c.heap[j]]
	return a.count < b.count || a.count == b.count && c.heap[i] < c.heap[j]
}
func (c *cord) Swap(i, j int) { c.heap[i], c.heap[j] = c.heap[j], c.heap[i] }
func (c *cord) Push(any)      { c.heap = append(c.heap, len(c.knots)-1) }
func (c *cord) Pop() any      { c.heap = c.heap[:len(c.heap)-1]; return nil }

type code struct {
	bits uint32
	long int
}

func (c *cord) tie(text []byte) (root int) {
	c.knots, c.heap = c.knots[:0], c.heap[:0]
	var counts [256]int
	for _, l := range text {
		counts[l]++
	}
	for l, n := range counts {
		if n > 0 {
			c.knots = append(c.knots, knot{n, l, -1, -1})
			c.Push(nil)
		}
	}
	heap.Init(c)
	for len(c.heap) > 1 {
		a := c.heap[0]
		heap.Pop(c)
		b := c.heap[0]
		heap.Pop(c)
		c.knots = append(c.knots, knot{c.knots[a].count + c.knots[b].count, -1, a, b})
		heap.Push(c, nil)
	}
	return c.heap[0]
}

func (c *cord) codes(at int, of code, to *[256]code) {
	k := c.knots[at]
	if k.letter >= 0 {
		to[k.letter] = of
		return
	}
	c.codes(k.left, code{of.bits << 1, of.long + 1}, to)
	c.codes(k.right, code{of.bits<<1 | 1, of.long + 1}, to)
}

func packed(text []byte, codes *[256]code, to []byte) []byte {
	var room uint64
	n := 0
	for _, l := range text {
		room = room<<codes[l].long | uint64(codes[l].bits)
		for n += codes[l].long; n >= 8; n -= 8 {
			to = append(to, byte(room>>(n-8)))
		}
	}
	return append(to, byte(room<<(8-n)))
}

func (c *cord) unpacked(in []byte, root, many int, to []byte) []byte {
	at := root
	for _, v := range in {
		for bit := 7; bit >= 0 && len(to) < many; bit-- {
			if v>>bit&1 == 0 {
				at = c.knots[at].left
			} else {
				at = c.knots[at].right
			}
			if l := c.knots[at].letter; l >= 0 {
				to = append(to, byte(l))
				at = root
			}
		}
	}
	return to
}

// Ties messages into knots, and reads them again.
func main() {
	t, b, c := newTask(cfg.Seed), newTally(0), &cord{}
	r := rand.New(rand.NewSource(cfg.Seed))
	text := make([]byte, 60000)
	for i := range text {
		text[i] = byte('a' + int(r.ExpFloat64()*5)%26)
	}
	var small, back []byte
	for !over() {
		text[r.Intn(len(text))] = byte(' ' + b.passes[0]%64)
		root := c.tie(text)
		var codes [256]code
		c.codes(root, code{}, &codes)
		small = packed(text, &codes, small[:0])
		back = c.unpacked(small, root, len(text), back[:0])
		if string(back) != string(text) {
			panic("another message")
		}
		b.sum += t.step() + uint64(len(small))
		b.passes[0]++
	}
	finish(b, 1)
}
