package main

import (
	"container/heap"
	"math/rand"
)

type item struct{ due, kind int }
type line []item

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return l[i].due < l[j].due }
func (l line) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)        { *l = append(*l, x.(item)) }
func (l *line) Pop() any {
	old := *l
	x := old[len(old)-1]
	*l = old[:len(old)-1]
	return x
}

// task plays events in the order of their times.
type task struct {
	events line
	counts [16]uint64
	r      *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range 3000 {
		t.events = append(t.events, item{t.r.Intn(1 << 20), i % 16})
	}
	heap.Init(&t.events)
	return t
}

func (t *task) apply(e *item) {
	t.counts[e.kind] += uint64(e.due)
	e.due += 1 + t.r.Intn(1<<16)
	e.kind = (e.kind*5 + 3) % 16
}

func (t *task) step() (sum uint64) {
	for range 8000 {
		t.apply(&t.events[0])
		heap.Fix(&t.events, 0)
		sum += t.counts[t.events[0].kind]
	}
	return sum
}
