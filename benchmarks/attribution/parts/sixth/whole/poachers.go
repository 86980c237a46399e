package main

import (
	"math/rand"
	"sync"
)

type snare struct{ size int }

// wood has snares that its owner takes from one end, and others from the other.
type wood struct {
	mu     sync.Mutex
	snares []snare
}

func (w *wood) lay(s snare) {
	w.mu.Lock()
	w.snares = append(w.snares, s)
	w.mu.Unlock()
}

func (w *wood) last() (s snare, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.snares)
	if n == 0 {
		return s, false
	}
	s, w.snares = w.snares[n-1], w.snares[:n-1]
	return s, true
}

func (w *wood) first() (s snare, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.snares) == 0 {
		return s, false
	}
	s, w.snares = w.snares[0], w.snares[1:]
	return s, true
}

func poach(who int, woods []*wood) *tally {
	t, b, own, r := newTask(cfg.Seed+int64(who)), newTally(0), woods[who], rand.New(rand.NewSource(cfg.Seed*7+int64(who)))
	for !over() {
		s, ok := own.last()
		for i := 1; !ok && i < len(woods); i++ {
			s, ok = woods[(who+i)%len(woods)].first()
		}
		if !ok {
			s = snare{1 << (3 + r.Intn(4))}
		}
		if s.size > 4 {
			own.lay(snare{s.size / 2})
			own.lay(snare{s.size - s.size/2})
			continue
		}
		for range s.size {
			b.sum += t.step()
		}
		b.passes[0]++
	}
	return b
}

// Two poach, each in its own wood while there is something in it.
func main() {
	woods := []*wood{{}, {}}
	found := make(chan *tally, len(woods))
	for who := range woods {
		go func() { found <- poach(who, woods) }()
	}
	b := <-found
	b.add(<-found)
	finish(b, 2)
}
