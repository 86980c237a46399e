package main

const across = 32

type place struct{ x, y int8 }

// task counts in how many leaps a hare gets to every place of a meadow.
type task struct {
	leaps  [across][across]uint8
	burrow [across * across]place
	holes  [across][across]bool
	n      uint64
}

func newTask(seed int64) *task {
	t := &task{n: uint64(seed) + 9}
	for x := range t.holes {
		for y := range t.holes[x] {
			t.n = t.n*6364136223846793005 + 1442695040888963407
			t.holes[x][y] = t.n>>60 == 3
		}
	}
	return t
}

func (t *task) from(start place) (sum uint64) {
	clear(t.leaps[:])
	t.burrow[0], t.leaps[start.x][start.y] = start, 1
	for at, end := 0, 1; at < end; at++ {
		p := t.burrow[at]
		for _, by := range [8]place{{1, 2}, {2, 1}, {-1, 2}, {2, -1}, {1, -2}, {-2, 1}, {-1, -2}, {-2, -1}} {
			x, y := p.x+by.x, p.y+by.y
			if x < 0 || y < 0 || x >= across || y >= across || t.holes[x][y] || t.leaps[x][y] > 0 {
				continue
			}
			t.leaps[x][y] = t.leaps[p.x][p.y] + 1
			t.burrow[end] = place{x, y}
			end++
			sum += uint64(t.leaps[x][y])
		}
	}
	return sum
}

func (t *task) step() (sum uint64) {
	for range 20 {
		t.n = t.n*6364136223846793005 + 1442695040888963407
		sum = sum*3 + t.from(place{int8(t.n >> 40 % across), int8(t.n >> 50 % across)})
	}
	return sum
}
