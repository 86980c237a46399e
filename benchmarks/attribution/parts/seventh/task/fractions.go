package main

import "math/rand"

// task brings fractions to their lowest terms, and adds them up.
type task struct {
	over, under [600]uint64
	r           *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.over {
		t.over[i], t.under[i] = uint64(t.r.Int63n(1<<40)+1), uint64(t.r.Int63n(1<<40)+1)
	}
	return t
}

func common(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (t *task) step() (sum uint64) {
	t.over[t.r.Intn(len(t.over))] = uint64(t.r.Int63n(1<<40) + 1)
	for apart := range 6 {
		for i := range t.over {
			k := (i*7 + apart) % len(t.under)
			d := common(t.over[i], t.under[k])
			sum += t.over[i]/d ^ t.under[k]/d
		}
	}
	return sum
}
