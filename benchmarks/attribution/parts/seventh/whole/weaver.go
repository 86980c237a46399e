package main

import (
	"cmp"
	"iter"
)

func mapped[T, U any](from iter.Seq[T], f func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for one := range from {
			if !yield(f(one)) {
				return
			}
		}
	}
}

func kept[T any](from iter.Seq[T], f func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for one := range from {
			if f(one) && !yield(one) {
				return
			}
		}
	}
}

func first[T any](from iter.Seq[T], n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		left := n
		for one := range from {
			if left--; left < 0 || !yield(one) {
				return
			}
		}
	}
}

func folded[T, A any](from iter.Seq[T], a A, f func(A, T) A) A {
	for one := range from {
		a = f(a, one)
	}
	return a
}

func highest[T any, K cmp.Ordered](from iter.Seq[T], key func(T) K) (best T) {
	var most K
	for one := range from {
		if k := key(one); k > most {
			best, most = one, k
		}
	}
	return best
}

// steps is where a number leads to, by halves and threes.
func steps(n uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for yield(n) && n > 1 {
			if n%2 == 0 {
				n /= 2
			} else {
				n = 3*n + 1
			}
		}
	}
}

func from(n uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for ; yield(n); n++ {
		}
	}
}

type thread struct{ start, long uint64 }

// Weaves threads out of numbers, and looks which is the longest.
func main() {
	b := newTally(0)
	for n := uint64(cfg.Seed%1000 + 2); !over(); n += 2000 {
		threads := mapped(first(kept(from(n), func(k uint64) bool { return k%3 != 0 }), 1300), func(k uint64) thread {
			return thread{k, folded(steps(k), 0, func(long, _ uint64) uint64 { return long + 1 })}
		})
		b.sum += highest(threads, func(t thread) uint64 { return t.long }).start
		b.passes[0]++
	}
	finish(b, 1)
}
