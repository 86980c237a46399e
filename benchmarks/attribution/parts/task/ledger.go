package main

import "math/rand"

type entry struct {
	from, to uint16
	amount   int64
}

// task books entries on accounts, then proves the balance.
type task struct {
	accounts [2048]int64
	entries  []entry
	order    []int32
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{entries: make([]entry, 1<<15)}
	for i := range t.entries {
		t.entries[i] = entry{uint16(r.Intn(2048)), uint16(r.Intn(2048)), int64(r.Intn(9999))}
	}
	for _, i := range r.Perm(len(t.entries)) {
		t.order = append(t.order, int32(i))
	}
	return t
}

func (t *task) book() {
	for _, i := range t.order {
		e := &t.entries[i]
		fee := e.amount * 3 / 1000
		t.accounts[e.from] -= e.amount + fee
		t.accounts[e.to] += e.amount
		t.accounts[0] += fee
	}
}

func (t *task) prove() (sum uint64) {
	var total int64
	for i, a := range t.accounts {
		total += a
		sum = sum*1099511628211 ^ uint64(a)*uint64(i|1)
	}
	if total != 0 {
		panic("the books do not balance")
	}
	return sum
}

func (t *task) step() (sum uint64) {
	for range 12 {
		t.book()
		sum += t.prove()
	}
	return sum
}
