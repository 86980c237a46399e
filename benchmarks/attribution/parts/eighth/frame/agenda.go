package main

import "container/heap"

type item struct {
	hour int
	do   func() (again int)
}

type agenda []item

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].hour < a[j].hour }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(v any)        { *a = append(*a, v.(item)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// An agenda is gone through by hours that nobody waits for.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	a := agenda{}
	for i := range 3 {
		heap.Push(&a, item{i, func() int { b.turn(t, parts); return 2 + i }})
	}
	for !over() {
		next := a[0]
		next.hour += next.do()
		a[0] = next
		heap.Fix(&a, 0)
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
