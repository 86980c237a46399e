package main

import "math/rand"

// task looks up the nearest of many names.
type task struct {
	names [][]byte
	row   [64]int
	r     *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for range 400 {
		name := make([]byte, 8+t.r.Intn(16))
		for i := range name {
			name[i] = byte('a' + t.r.Intn(26))
		}
		t.names = append(t.names, name)
	}
	return t
}

func (t *task) apart(a, b []byte) int {
	for j := range len(b) + 1 {
		t.row[j] = j
	}
	for i := range a {
		left := t.row[0]
		t.row[0] = i + 1
		for j := range b {
			cost := left
			if a[i] != b[j] {
				cost = 1 + min(left, t.row[j], t.row[j+1])
			}
			left, t.row[j+1] = t.row[j+1], cost
		}
	}
	return t.row[len(b)]
}

func (t *task) nearest(name []byte) (best uint64) {
	least := 1 << 30
	for i, other := range t.names {
		if d := t.apart(name, other); d < least && d > 0 {
			least, best = d, uint64(i)
		}
	}
	return best
}

func (t *task) step() (sum uint64) {
	for range 4 {
		sum = sum*31 + t.nearest(t.names[t.r.Intn(len(t.names))])
	}
	return sum
}
