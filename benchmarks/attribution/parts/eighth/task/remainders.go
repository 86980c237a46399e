package main

import "math/bits"

// task raises numbers to powers and keeps what is left of them.
type task struct{ base, modulus uint64 }

func newTask(seed int64) *task {
	return &task{uint64(seed)*2654435761 + 12345, 1<<61 - 1 - uint64(seed%64)*2}
}

func (t *task) times(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a%t.modulus, b%t.modulus)
	return bits.Rem64(hi, lo, t.modulus)
}

func (t *task) power(a, n uint64) uint64 {
	v := uint64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			v = t.times(v, a)
		}
		a = t.times(a, a)
	}
	return v
}

func (t *task) step() (sum uint64) {
	for i := range uint64(150) {
		t.base = t.base*6364136223846793005 + i
		sum ^= t.power(t.base>>3, t.base|1)
	}
	return sum
}
