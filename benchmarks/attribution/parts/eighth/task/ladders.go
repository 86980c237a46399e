package main

import (
	"math/rand"
	"sort"
)

// task finds the longest ladder that goes up through a row of rungs.
type task struct {
	rungs, tops [3000]int32
	r           *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.rungs {
		t.rungs[i] = t.r.Int31()
	}
	return t
}

func (t *task) longest() (n int) {
	for _, v := range t.rungs {
		at := sort.Search(n, func(i int) bool { return t.tops[i] >= v })
		t.tops[at] = v
		if at == n {
			n++
		}
	}
	return n
}

func (t *task) step() (sum uint64) {
	for range 3 {
		t.rungs[t.r.Intn(len(t.rungs))] = t.r.Int31()
		sum = sum*31 + uint64(t.longest())
	}
	return sum
}
