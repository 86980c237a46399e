package main

import "math/rand"

const side = 256

// task smooths a picture and takes its histogram.
type task struct {
	a, b [side * side]float32
	bins [64]uint64
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{}
	for i := range t.a {
		t.a[i] = r.Float32()
	}
	return t
}

func smooth(to, from *[side * side]float32) {
	for y := 1; y < side-1; y++ {
		for x := 1; x < side-1; x++ {
			i := y*side + x
			to[i] = (from[i]*4 + from[i-1] + from[i+1] + from[i-side] + from[i+side]) / 8
		}
	}
}

func (t *task) count() (sum uint64) {
	for i, v := range t.a {
		k := int(v*63) & 63
		t.bins[k]++
		sum += t.bins[k] * uint64(i)
	}
	return sum
}

func (t *task) step() (sum uint64) {
	for range 6 {
		smooth(&t.b, &t.a)
		smooth(&t.a, &t.b)
		sum += t.count()
		t.a[int(sum%(side*side))] = 0.9
	}
	return sum
}
