package main

import (
	"math/rand"
	"slices"
	"strconv"
)

type row struct {
	key   uint32
	value float64
}

// task groups rows, sorts the groups and writes them as text.
type task struct {
	rows   []row
	groups []row
	out    []byte
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{rows: make([]row, 20000), groups: make([]row, 512)}
	for i := range t.rows {
		t.rows[i] = row{uint32(r.Intn(512)), r.NormFloat64()}
	}
	return t
}

func (t *task) gather() {
	for i := range t.groups {
		t.groups[i] = row{uint32(i), 0}
	}
	for range 20 {
		for _, r := range t.rows {
			g := &t.groups[r.key]
			g.value = g.value*0.999 + r.value
		}
	}
}

func (t *task) write() (sum uint64) {
	t.out = t.out[:0]
	for _, g := range t.groups {
		t.out = strconv.AppendFloat(t.out, g.value, 'g', -1, 64)
		t.out = append(t.out, '\n')
	}
	for _, c := range t.out {
		sum = sum*31 + uint64(c)
	}
	return sum
}

func (t *task) step() uint64 {
	t.gather()
	slices.SortFunc(t.groups, func(a, b row) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	return t.write()
}
