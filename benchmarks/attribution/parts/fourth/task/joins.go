package main

import "math/rand"

type line struct{ key, value uint32 }

type index[K comparable, V any] map[K][]V

func indexed[K comparable, V any](all []V, key func(V) K) index[K, V] {
	found := index[K, V]{}
	for _, one := range all {
		k := key(one)
		found[k] = append(found[k], one)
	}
	return found
}

// task brings lines of two lists together.
type task struct {
	left  []line
	right index[uint32, line]
	at    int
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	list := func(n int) (all []line) {
		for range n {
			all = append(all, line{uint32(r.Intn(3000)), r.Uint32()})
		}
		return all
	}
	return &task{left: list(20000), right: indexed(list(9000), func(l line) uint32 { return l.key })}
}

func (t *task) step() (sum uint64) {
	for range 12000 {
		t.at = (t.at + 1) % len(t.left)
		l := t.left[t.at]
		for _, r := range t.right[l.key] {
			sum = sum*31 + uint64(l.value^r.value)
		}
	}
	return sum
}
