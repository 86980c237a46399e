package main

import "math/rand"

// task tells how far words are from each other.
type task struct {
	words [64][24]byte
	row   [25]int
	n     int
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for i := range t.words {
		for k := range t.words[i] {
			t.words[i][k] = byte('a' + r.Intn(6))
		}
	}
	return t
}

func (t *task) far(a, b *[24]byte) int {
	for k := range t.row {
		t.row[k] = k
	}
	for i, x := range a {
		before := t.row[0]
		t.row[0] = i + 1
		for k, y := range b {
			cost := before
			if x != y {
				cost = 1 + min(before, t.row[k], t.row[k+1])
			}
			before, t.row[k+1] = t.row[k+1], cost
		}
	}
	return t.row[24]
}

func (t *task) step() (sum uint64) {
	for range 400 {
		t.n++
		sum += uint64(t.far(&t.words[t.n&63], &t.words[t.n*7>>3&63]))
	}
	return sum
}
