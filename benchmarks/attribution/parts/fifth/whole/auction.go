package main

import (
	"container/heap"
	"math/rand"
)

type bids[T any] struct {
	of    []T
	first func(a, b T) bool
}

func (h *bids[T]) Len() int           { return len(h.of) }
func (h *bids[T]) Less(i, j int) bool { return h.first(h.of[i], h.of[j]) }
func (h *bids[T]) Swap(i, j int)      { h.of[i], h.of[j] = h.of[j], h.of[i] }
func (h *bids[T]) Push(v any)         { h.of = append(h.of, *v.(*T)) }
func (h *bids[T]) Pop() any {
	last := &h.of[len(h.of)-1]
	h.of = h.of[:len(h.of)-1]
	return last
}

type bid struct{ price, lot int }

// Whoever bids most is heard first.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	r := rand.New(rand.NewSource(cfg.Seed))
	h := &bids[bid]{first: func(a, b bid) bool { return a.price > b.price }}
	won := map[int]int{}
	var next bid
	for !over() {
		for range 600 {
			next = bid{r.Intn(10000), r.Intn(200)}
			heap.Push(h, &next)
		}
		for range 600 {
			best := *heap.Pop(h).(*bid)
			won[best.lot] += best.price
		}
		b.sum += t.step() + uint64(won[b.passes[0]%200])
		b.passes[0]++
	}
	finish(b, 1)
}
