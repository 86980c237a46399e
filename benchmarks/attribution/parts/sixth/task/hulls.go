package main

import "math/rand"

// task tells which points lie within a fence.
type task struct {
	fx, fy [48]float64
	px, py [512]float64
	at     int
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for i := range t.fx {
		t.fx[i], t.fy[i] = r.Float64(), r.Float64()
	}
	for i := range t.px {
		t.px[i], t.py[i] = r.Float64(), r.Float64()
	}
	return t
}

func (t *task) within(x, y float64) bool {
	in, k := false, len(t.fx)-1
	for i := range t.fx {
		if (t.fy[i] > y) != (t.fy[k] > y) && x < (t.fx[k]-t.fx[i])*(y-t.fy[i])/(t.fy[k]-t.fy[i])+t.fx[i] {
			in = !in
		}
		k = i
	}
	return in
}

func (t *task) step() (sum uint64) {
	for range 12 {
		t.at = (t.at + 1) % len(t.fx)
		t.fx[t.at] = 1 - t.fx[t.at]
		for i := range t.px {
			if t.within(t.px[i], t.py[i]) {
				sum += uint64(i)
			}
		}
	}
	return sum
}
