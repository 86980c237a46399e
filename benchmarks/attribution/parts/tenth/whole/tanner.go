package main

import "math/rand"

const (
	across = 192
	edge   = across + 2
)

// hide is a skin on which two saps spread and change each other, so that it gets spots.
type hide struct{ a, b, nextA, nextB []float32 }

func newHide(r *rand.Rand) *hide {
	h := &hide{make([]float32, edge*edge), make([]float32, edge*edge), make([]float32, edge*edge), make([]float32, edge*edge)}
	for i := range h.a {
		h.a[i] = 1
	}
	for range 30 {
		x, y := 4+r.Intn(across-12), 4+r.Intn(across-12)
		for i := range 36 {
			h.b[(y+i/6)*edge+x+i%6] = 1
		}
	}
	return h
}

// wrap makes the skin meet itself at its edges.
func wrap(f []float32) {
	copy(f[:edge], f[across*edge:])
	copy(f[(across+1)*edge:], f[edge:2*edge])
	for y := range edge {
		f[y*edge], f[y*edge+edge-1] = f[y*edge+across], f[y*edge+1]
	}
}

func (h *hide) soak(feed, kill float32) {
	wrap(h.a)
	wrap(h.b)
	for y := 1; y <= across; y++ {
		up, row, down := h.a[(y-1)*edge:y*edge], h.a[y*edge:(y+1)*edge], h.a[(y+1)*edge:(y+2)*edge]
		upB, rowB, downB := h.b[(y-1)*edge:y*edge], h.b[y*edge:(y+1)*edge], h.b[(y+1)*edge:(y+2)*edge]
		for x := 1; x <= across; x++ {
			a, b := row[x], rowB[x]
			flowA := 0.2*(up[x]+down[x]+row[x-1]+row[x+1]) + 0.05*(up[x-1]+up[x+1]+down[x-1]+down[x+1]) - a
			flowB := 0.2*(upB[x]+downB[x]+rowB[x-1]+rowB[x+1]) + 0.05*(upB[x-1]+upB[x+1]+downB[x-1]+downB[x+1]) - b
			change := a * b * b
			h.nextA[y*edge+x] = a + flowA - change + feed*(1-a)
			h.nextB[y*edge+x] = b + 0.5*flowB + change - (kill+feed)*b
		}
	}
	h.a, h.nextA, h.b, h.nextB = h.nextA, h.a, h.nextB, h.b
}

func (h *hide) spots() (n uint64) {
	for y := 1; y <= across; y++ {
		for x := 1; x <= across; x++ {
			if h.b[y*edge+x] > 0.2 && h.b[y*edge+x-1] <= 0.2 {
				n++
			}
		}
	}
	return n
}

// Soaks hides one after the other until they have spots.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for !over() {
		h := newHide(r)
		feed, kill := 0.03+r.Float32()/50, 0.058+r.Float32()/200
		for n := 0; n < 2000 && !over(); n++ {
			h.soak(feed, kill)
			if n%50 == 0 {
				b.sum += h.spots() + t.step()
			}
		}
		b.passes[0]++
	}
	finish(b, 1)
}
