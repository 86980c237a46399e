package main

import (
	"math/rand"
	"sync"
	"sync/atomic"
)

const (
	stars  = 24000
	deep   = 8
	groups = 24
	lot    = 400
)

type sky struct {
	stars   [stars][deep]float64
	centres [groups][deep]float64
	of      [stars]int
}

// sums are those of all stars that one has looked at.
type sums struct {
	at    [groups][deep]float64
	many  [groups]int
	moved int
}

func (s *sky) assign(from, to int, out *sums) {
	for i := from; i < to; i++ {
		best, least := 0, 1e300
		for g := range s.centres {
			d := 0.0
			for k, x := range s.stars[i] {
				d += (x - s.centres[g][k]) * (x - s.centres[g][k])
			}
			if d < least {
				best, least = g, d
			}
		}
		if s.of[i] != best {
			s.of[i] = best
			out.moved++
		}
		out.many[best]++
		for k, x := range s.stars[i] {
			out.at[best][k] += x
		}
	}
}

func (s *sky) centre(both []sums) (moved int) {
	for g := range s.centres {
		n := 0
		for i := range both {
			n += both[i].many[g]
		}
		for k := range deep {
			at := 0.0
			for i := range both {
				at += both[i].at[g][k]
			}
			if n > 0 {
				s.centres[g][k] = at / float64(n)
			}
		}
	}
	for i := range both {
		moved += both[i].moved
	}
	return moved
}

// Finds which stars belong together; two take small lots of the sky until none is left.
func main() {
	r, b := rand.New(rand.NewSource(cfg.Seed)), newTally(0)
	tasks := [2]*task{newTask(cfg.Seed), newTask(cfg.Seed + 1)}
	s, both := &sky{}, make([]sums, 2)
	for i := range s.stars {
		for k := range deep {
			s.stars[i][k] = float64(i*(k+3)%groups) + r.NormFloat64()
		}
	}
	var own [2]uint64
	for !over() {
		for g := range s.centres {
			s.centres[g] = s.stars[r.Intn(stars)]
		}
		for range 12 {
			var all sync.WaitGroup
			var at atomic.Int64
			for i := range both {
				all.Go(func() {
					own[i] += tasks[i].step()
					both[i] = sums{}
					for from := int(at.Add(lot)) - lot; from < stars; from = int(at.Add(lot)) - lot {
						s.assign(from, from+lot, &both[i])
					}
				})
			}
			all.Wait()
			if s.centre(both) == 0 || over() {
				break
			}
		}
		b.passes[0]++
	}
	b.sum = own[0] + own[1]
	finish(b, 2)
}
