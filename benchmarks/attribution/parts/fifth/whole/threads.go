package main

import (
	"iter"
	"slices"
)

func where[T any](in iter.Seq[T], keep func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range in {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func turned[T, R any](in iter.Seq[T], f func(T) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		for v := range in {
			if !yield(f(v)) {
				return
			}
		}
	}
}

// One thing follows from another.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	numbers := make([]uint64, 20000)
	for i := range numbers {
		numbers[i] = uint64(i*i) ^ uint64(i)<<7
	}
	kept := make([]uint64, 0, len(numbers))
	for !over() {
		odd := where(slices.Values(numbers), func(v uint64) bool { return v%3 != 0 })
		kept = slices.AppendSeq(kept[:0], turned(odd, func(v uint64) uint64 { return v*2654435761 + 1 }))
		b.sum += slices.Max(kept) + t.step()
		numbers[b.passes[0]%len(numbers)] = b.sum
		b.passes[0]++
	}
	finish(b, 1)
}
