package main

import (
	"container/heap"
	"math/rand"
)

type happening struct {
	at    float64
	kind  uint8
	stall int
}

type future []happening

func (f future) Len() int           { return len(f) }
func (f future) Less(i, j int) bool { return f[i].at < f[j].at }
func (f future) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *future) Push(v any)        { *f = append(*f, *v.(*happening)) }
func (f *future) Pop() any {
	*f = (*f)[:len(*f)-1]
	return nil
}

type fair struct {
	now     float64
	next    future
	queues  [40]int
	busy    [40]bool
	served  int
	waiting float64
	r       *rand.Rand
	one     happening
}

func (f *fair) later(after float64, kind uint8, stall int) {
	f.one = happening{f.now + after, kind, stall}
	heap.Push(&f.next, &f.one)
}

func (f *fair) happen() {
	h := f.next[0]
	heap.Pop(&f.next)
	f.now = h.at
	switch h.kind {
	case 0: // somebody comes
		f.later(f.r.ExpFloat64()/30, 0, 0)
		least := f.r.Intn(len(f.queues))
		for range 3 {
			if other := f.r.Intn(len(f.queues)); f.queues[other] < f.queues[least] {
				least = other
			}
		}
		f.queues[least]++
		if !f.busy[least] {
			f.busy[least] = true
			f.later(f.r.ExpFloat64(), 1, least)
		}
	case 1: // and is served
		f.served++
		f.queues[h.stall]--
		f.waiting += float64(f.queues[h.stall])
		if f.busy[h.stall] = f.queues[h.stall] > 0; f.busy[h.stall] {
			f.later(f.r.ExpFloat64(), 1, h.stall)
		}
	}
}

// Plays through how long one would have to stand at a stall.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	f := &fair{r: rand.New(rand.NewSource(cfg.Seed))}
	f.later(0, 0, 0)
	for !over() {
		for range 5000 {
			f.happen()
		}
		b.sum += t.step() + uint64(f.served)
		b.passes[0]++
	}
	b.sum ^= uint64(f.waiting)
	finish(b, 1)
}
