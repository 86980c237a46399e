package main

import "math/rand"

// task finds how much rain stays on a row of terraces.
type task struct {
	heights [6000]int32
	stack   [6000]int32
	r       *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.heights {
		t.heights[i] = t.r.Int31n(1000)
	}
	return t
}

func (t *task) rain() (sum uint64) {
	n := 0
	for i, h := range t.heights {
		for n > 0 && t.heights[t.stack[n-1]] < h {
			floor := t.heights[t.stack[n-1]]
			if n--; n > 0 {
				left := t.stack[n-1]
				sum += uint64(int32(i)-left-1) * uint64(min(t.heights[left], h)-floor)
			}
		}
		t.stack[n] = int32(i)
		n++
	}
	return sum
}

func (t *task) step() (sum uint64) {
	for range 8 {
		t.heights[t.r.Intn(len(t.heights))] = t.r.Int31n(1000)
		sum = sum*31 + t.rain()
	}
	return sum
}
