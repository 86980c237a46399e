package main

import "math/rand"

var leaps = [8][2]int{{1, 2}, {2, 1}, {2, -1}, {1, -2}, {-1, -2}, {-2, -1}, {-2, 1}, {-1, 2}}

const side = 40

// task finds how few leaps take a knight everywhere on a board with holes.
type task struct {
	holes [side * side]bool
	leaps [side * side]int16
	row   [side * side]int16
	r     *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.holes {
		t.holes[i] = t.r.Intn(5) == 0
	}
	return t
}

func (t *task) from(start int) (sum uint64) {
	for i := range t.leaps {
		t.leaps[i] = -1
	}
	t.leaps[start], t.row[0] = 0, int16(start)
	for at, n := 0, 1; at < n; at++ {
		here := int(t.row[at])
		for _, l := range leaps {
			x, y := here%side+l[0], here/side+l[1]
			if x < 0 || y < 0 || x >= side || y >= side || t.holes[y*side+x] || t.leaps[y*side+x] >= 0 {
				continue
			}
			t.leaps[y*side+x] = t.leaps[here] + 1
			t.row[n] = int16(y*side + x)
			n++
		}
		sum += uint64(t.leaps[here])
	}
	return sum
}

func (t *task) step() (sum uint64) {
	for range 6 {
		at := t.r.Intn(side * side)
		t.holes[at] = !t.holes[at]
		sum = sum*31 + t.from(t.r.Intn(side*side))
	}
	return sum
}
