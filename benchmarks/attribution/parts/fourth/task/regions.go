package main

import "math/rand"

const across = 160

// task tells what hangs together on a map.
type task struct {
	land [across * across]bool
	root [across * across]int32
	r    *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.land {
		t.land[i] = t.r.Intn(5) < 3
	}
	return t
}

func (t *task) find(i int32) int32 {
	for t.root[i] != i {
		t.root[i] = t.root[t.root[i]]
		i = t.root[i]
	}
	return i
}

func (t *task) join(a, b int32) {
	if t.land[a] && t.land[b] {
		t.root[t.find(a)] = t.find(b)
	}
}

func (t *task) step() (sum uint64) {
	for range 3 {
		t.land[t.r.Intn(len(t.land))] = t.r.Intn(5) < 3
		for i := range t.root {
			t.root[i] = int32(i)
		}
		for i := int32(0); i < across*across; i++ {
			if i%across != 0 {
				t.join(i, i-1)
			}
			if i >= across {
				t.join(i, i-across)
			}
		}
		for i := range t.root {
			sum += uint64(t.find(int32(i)))
		}
	}
	return sum
}
