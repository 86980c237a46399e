package main

import (
	"math"
	"math/rand"
)

const beams = 140

// hull says how the beams of a ship bear upon each other, and what each has to bear.
type hull struct {
	stiff, work [beams][beams]float64
	load, bent  [beams]float64
	order       [beams]int
}

func (h *hull) build(r *rand.Rand) {
	for i := range h.stiff {
		for k := range h.stiff[i] {
			h.stiff[i][k] = r.Float64() - 0.5
		}
		h.load[i] = r.Float64()
	}
}

func (h *hull) factor() bool {
	h.work = h.stiff
	for i := range h.order {
		h.order[i] = i
	}
	for c := range beams {
		top := c
		for i := c + 1; i < beams; i++ {
			if math.Abs(h.work[i][c]) > math.Abs(h.work[top][c]) {
				top = i
			}
		}
		if h.work[top][c] == 0 {
			return false
		}
		h.work[c], h.work[top] = h.work[top], h.work[c]
		h.order[c], h.order[top] = h.order[top], h.order[c]
		for i := c + 1; i < beams; i++ {
			f := h.work[i][c] / h.work[c][c]
			h.work[i][c] = f
			to, from := h.work[i][c+1:], h.work[c][c+1:]
			for k := range to {
				to[k] -= f * from[k]
			}
		}
	}
	return true
}

func (h *hull) bend() (off float64) {
	for i := range beams {
		v := h.load[h.order[i]]
		for k := range i {
			v -= h.work[i][k] * h.bent[k]
		}
		h.bent[i] = v
	}
	for i := beams - 1; i >= 0; i-- {
		v := h.bent[i]
		for k := i + 1; k < beams; k++ {
			v -= h.work[i][k] * h.bent[k]
		}
		h.bent[i] = v / h.work[i][i]
	}
	for i := range beams {
		v := -h.load[i]
		for k := range beams {
			v += h.stiff[i][k] * h.bent[k]
		}
		off = max(off, math.Abs(v))
	}
	return off
}

// Works out how ships bend.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for h := (&hull{}); !over(); b.passes[0]++ {
		h.build(r)
		if h.factor() && h.bend() < 1e-6 {
			b.sum += math.Float64bits(h.bent[b.passes[0]%beams]) >> 30
		}
		b.sum += t.step()
	}
	finish(b, 1)
}
