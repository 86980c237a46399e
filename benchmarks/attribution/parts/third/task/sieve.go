package main

// task finds primes in one stretch of numbers after the other.
type task struct {
	small []uint64
	marks [1 << 15]bool
	from  uint64
}

func newTask(seed int64) *task {
	t := &task{from: 1 << 33}
next:
	for n := uint64(2); n < 100000; n++ {
		for _, p := range t.small {
			if p*p > n {
				break
			}
			if n%p == 0 {
				continue next
			}
		}
		t.small = append(t.small, n)
	}
	t.from += uint64(seed) << 15
	return t
}

func (t *task) strike(p uint64) {
	for at := (p - t.from%p) % p; at < uint64(len(t.marks)); at += p {
		t.marks[at] = true
	}
}

func (t *task) step() (sum uint64) {
	for range 5 {
		clear(t.marks[:])
		for _, p := range t.small {
			t.strike(p)
		}
		for i, struck := range t.marks {
			if !struck {
				sum ^= t.from + uint64(i)
			}
		}
		t.from += uint64(len(t.marks))
	}
	return sum
}
