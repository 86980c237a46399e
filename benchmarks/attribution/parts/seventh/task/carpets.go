package main

import "math/rand"

const wide = 192

// task keeps the sums of all corners of a carpet, and finds the piece with the most wool in it.
type task struct {
	wool [wide][wide]int32
	sums [wide + 1][wide + 1]int32
	r    *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for y := range t.wool {
		for x := range t.wool[y] {
			t.wool[y][x] = t.r.Int31n(100)
		}
	}
	return t
}

func (t *task) step() uint64 {
	for range 40 {
		t.wool[t.r.Intn(wide)][t.r.Intn(wide)] = t.r.Int31n(100)
	}
	for y := range wide {
		for x := range wide {
			t.sums[y+1][x+1] = t.wool[y][x] + t.sums[y][x+1] + t.sums[y+1][x] - t.sums[y][x]
		}
	}
	var most int32
	for size := 8; size <= 64; size *= 2 {
		for y := 0; y+size <= wide; y++ {
			for x := 0; x+size <= wide; x++ {
				s := t.sums[y+size][x+size] - t.sums[y][x+size] - t.sums[y+size][x] + t.sums[y][x]
				most = max(most, s/int32(size))
			}
		}
	}
	return uint64(most)
}
