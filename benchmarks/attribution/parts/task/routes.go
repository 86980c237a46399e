package main

import "math/rand"

const places = 4000

// task finds the shortest ways through a net of places.
type task struct {
	to, cost [places * 4]int32
	far      [places]int32
	queue    []int32
	r        *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.to {
		t.to[i], t.cost[i] = int32(t.r.Intn(places)), int32(1+t.r.Intn(9))
	}
	return t
}

func (t *task) relax(at int32) {
	for k := at * 4; k < at*4+4; k++ {
		if d := t.far[at] + t.cost[k]; d < t.far[t.to[k]] {
			t.far[t.to[k]] = d
			t.queue = append(t.queue, t.to[k])
		}
	}
}

func (t *task) from(place int32) (sum uint64) {
	for i := range t.far {
		t.far[i] = 1 << 30
	}
	t.far[place] = 0
	t.queue = append(t.queue[:0], place)
	for i := 0; i < len(t.queue); i++ {
		t.relax(t.queue[i])
	}
	for _, d := range t.far {
		sum += uint64(d)
	}
	return sum
}

func (t *task) step() uint64 {
	return t.from(int32(t.r.Intn(places))) + t.from(int32(t.r.Intn(places)))
}
