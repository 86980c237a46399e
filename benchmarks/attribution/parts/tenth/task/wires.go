package main

import "sort"

const poles = 200

type wire struct {
	from, to int16
	long     uint32
}

// task finds the shortest wires that lead from each pole to every other.
type task struct {
	wires [poles * 6]wire
	of    [poles]int16
	n     uint64
}

func newTask(seed int64) *task { return &task{n: uint64(seed)*2 + 1} }

func (t *task) top(at int16) int16 {
	for t.of[at] != at {
		t.of[at] = t.of[t.of[at]]
		at = t.of[at]
	}
	return at
}

func (t *task) step() (sum uint64) {
	for i := range t.wires {
		t.n = t.n*6364136223846793005 + 1442695040888963407
		t.wires[i] = wire{int16(t.n >> 20 % poles), int16(t.n >> 40 % poles), uint32(t.n >> 45)}
	}
	sort.Slice(t.wires[:], func(i, j int) bool { return t.wires[i].long < t.wires[j].long })
	for i := range t.of {
		t.of[i] = int16(i)
	}
	for _, w := range t.wires {
		if a, b := t.top(w.from), t.top(w.to); a != b {
			t.of[a] = b
			sum += uint64(w.long)
		}
	}
	return sum
}
