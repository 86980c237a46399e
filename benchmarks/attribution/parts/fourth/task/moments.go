package main

import (
	"math"
	"math/rand"
)

// task gathers points about their middles.
type task struct {
	x, y    [6000]float64
	of      [6000]uint8
	mx, my  [8]float64
	counted [8]float64
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for i := range t.x {
		t.x[i], t.y[i] = r.NormFloat64()*float64(1+i%5), r.NormFloat64()+float64(i%8)
	}
	for k := range t.mx {
		t.mx[k], t.my[k] = t.x[k], t.y[k]
	}
	return t
}

func (t *task) nearest(i int) (best uint8) {
	least := math.Inf(1)
	for k := range t.mx {
		if d := math.Hypot(t.x[i]-t.mx[k], t.y[i]-t.my[k]); d < least {
			least, best = d, uint8(k)
		}
	}
	return best
}

func (t *task) step() (sum uint64) {
	for range 6 {
		for i := range t.x {
			t.of[i] = t.nearest(i)
		}
		clear(t.counted[:])
		for i, k := range t.of {
			t.counted[k]++
			t.mx[k] += (t.x[i] - t.mx[k]) / t.counted[k]
			t.my[k] += (t.y[i] - t.my[k]) / t.counted[k]
		}
		sum += math.Float64bits(t.mx[3]) >> 9
		t.x[sum%6000] += 0.1
	}
	return sum
}
