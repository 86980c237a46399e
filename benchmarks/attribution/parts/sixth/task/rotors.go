package main

import "math/rand"

// task writes a text in another alphabet that turns with every letter.
type task struct {
	rotors [3][256]byte
	turned [3]byte
	text   [48 << 10]byte
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for i := range t.rotors {
		for k, v := range r.Perm(256) {
			t.rotors[i][k] = byte(v)
		}
	}
	r.Read(t.text[:])
	return t
}

func (t *task) turn() {
	for i := range t.turned {
		if t.turned[i]++; t.turned[i] != 0 {
			return
		}
	}
}

func (t *task) step() (sum uint64) {
	for range 4 {
		for i, c := range t.text {
			for k := range t.rotors {
				c = t.rotors[k][c+t.turned[k]]
			}
			t.text[i] = c
			sum += uint64(c)
			t.turn()
		}
	}
	return sum
}
