package main

import "math/rand"

const side = 192

// task lets a field of cells grow and die.
type task struct{ now, next [side * side]uint8 }

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for i := range t.now {
		t.now[i] = uint8(r.Intn(2))
	}
	return t
}

func (t *task) around(i int) (n uint8) {
	for _, d := range [...]int{-side - 1, -side, -side + 1, -1, 1, side - 1, side, side + 1} {
		n += t.now[(i+d+side*side)%(side*side)]
	}
	return n
}

func (t *task) step() (sum uint64) {
	for range 2 {
		for i := range t.now {
			n := t.around(i)
			t.next[i] = 0
			if n == 3 || n == 2 && t.now[i] == 1 {
				t.next[i] = 1
				sum += uint64(i)
			}
		}
		t.now, t.next = t.next, t.now
		t.now[sum%(side*side)] ^= 1
	}
	return sum
}
