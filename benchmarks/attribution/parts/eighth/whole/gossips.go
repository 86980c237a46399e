package main

import (
	"math/rand"
	"sync"
	"sync/atomic"
)

const (
	souls = 120_000
	some  = 2000
)

type town struct {
	begins, from []int32
	out          []float64
	said, then   []float64
	next         atomic.Int64
}

func settled(r *rand.Rand) *town {
	w := &town{begins: []int32{0}, out: make([]float64, souls), said: make([]float64, souls), then: make([]float64, souls)}
	for i := range souls {
		for range 4 + r.Intn(6) {
			who := int32(r.Intn(r.Intn(souls) + 1))
			w.from = append(w.from, who)
			w.out[who]++
		}
		w.begins = append(w.begins, int32(len(w.from)))
		w.said[i] = 1.0 / souls
	}
	return w
}

// tell works out what some have heard, and some more, until all have.
func (w *town) tell() {
	for {
		from := int(w.next.Add(some)) - some
		if from >= souls {
			return
		}
		for i := from; i < min(from+some, souls); i++ {
			heard := 0.0
			for _, who := range w.from[w.begins[i]:w.begins[i+1]] {
				heard += w.said[who] / w.out[who]
			}
			w.then[i] = 0.15/souls + 0.85*heard
		}
	}
}

// What is said goes round a town, day by day, until one knows who is listened to most.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for w := settled(r); !over(); w.said, w.then = w.then, w.said {
		w.next.Store(0)
		var other sync.WaitGroup
		other.Go(w.tell)
		w.tell()
		other.Wait()
		b.passes[0]++
		if b.passes[0]%20 == 0 {
			b.sum += t.step()
		}
	}
	finish(b, 2)
}
