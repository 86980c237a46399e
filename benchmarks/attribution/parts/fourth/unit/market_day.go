package main

import "cmp"

// heap keeps what comes first by some order on top.
type heap[T any] struct {
	all    []T
	before func(a, b T) bool
}

func (h *heap[T]) push(one T) {
	h.all = append(h.all, one)
	for i := len(h.all) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(h.all[i], h.all[up]) {
			return
		}
		h.all[i], h.all[up] = h.all[up], h.all[i]
		i = up
	}
}

func (h *heap[T]) pop() (top T) {
	top = h.all[0]
	last := len(h.all) - 1
	h.all[0] = h.all[last]
	h.all = h.all[:last]
	for i := 0; ; {
		k := 2*i + 1
		if k >= last {
			return top
		}
		if k+1 < last && h.before(h.all[k+1], h.all[k]) {
			k++
		}
		if !h.before(h.all[k], h.all[i]) {
			return top
		}
		h.all[i], h.all[k] = h.all[k], h.all[i]
		i = k
	}
}

type offer struct{ price, many, at int }

// Those who offer and those who ask meet at a price.
type unit struct {
	asks, bids *heap[offer]
	v          uint64
	sold       int
}

func newUnit() *unit {
	return &unit{
		asks: &heap[offer]{before: func(a, b offer) bool { return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.at, b.at)) < 0 }},
		bids: &heap[offer]{before: func(a, b offer) bool { return cmp.Or(cmp.Compare(b.price, a.price), cmp.Compare(a.at, b.at)) < 0 }},
	}
}

func (u *unit) meet() {
	for len(u.asks.all) > 0 && len(u.bids.all) > 0 && u.bids.all[0].price >= u.asks.all[0].price {
		ask, bid := u.asks.pop(), u.bids.pop()
		n := min(ask.many, bid.many)
		u.sold += n
		if ask.many -= n; ask.many > 0 {
			u.asks.push(ask)
		}
		if bid.many -= n; bid.many > 0 {
			u.bids.push(bid)
		}
	}
}

func (u *unit) pass() {
	for i := range 4000 {
		u.v = u.v*6364136223846793005 + 1442695040888963407
		o := offer{int(u.v >> 40 % 1000), 1 + int(u.v>>33%9), i}
		if u.v>>63 == 0 {
			u.asks.push(o)
		} else {
			u.bids.push(o)
		}
		u.meet()
	}
	if len(u.asks.all) > 20000 {
		u.asks.all, u.bids.all = u.asks.all[:0], u.bids.all[:0]
	}
}

func (u *unit) end() {}
