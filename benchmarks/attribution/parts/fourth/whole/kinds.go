package main

import (
	"cmp"
	"iter"
	"slices"
)

type tree[K cmp.Ordered, V any] struct {
	left, right *tree[K, V]
	key         K
	value       V
}

func (t *tree[K, V]) put(key K, value V) *tree[K, V] {
	switch {
	case t == nil:
		return &tree[K, V]{key: key, value: value}
	case key < t.key:
		t.left = t.left.put(key, value)
	case key > t.key:
		t.right = t.right.put(key, value)
	default:
		t.value = value
	}
	return t
}

func (t *tree[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.walk(yield) }
}

func (t *tree[K, V]) walk(yield func(K, V) bool) bool {
	return t == nil || t.left.walk(yield) && yield(t.key, t.value) && t.right.walk(yield)
}

func mapped[A, B any](from iter.Seq2[A, B], f func(A, B) uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for a, b := range from {
			if !yield(f(a, b)) {
				return
			}
		}
	}
}

// Things of many kinds, put into order and gone through.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var kept *tree[uint64, int]
	for n := 0; !over(); n++ {
		v := t.step()
		for i := range 100 {
			v = v*6364136223846793005 + 1442695040888963407
			kept = kept.put(v>>50, i)
		}
		sums := slices.Collect(mapped(kept.all(), func(k uint64, i int) uint64 { return k * uint64(i) }))
		b.sum += slices.Max(sums)
		b.passes[0]++
		if len(sums) > 4000 {
			kept = nil
		}
	}
	finish(b, 1)
}
