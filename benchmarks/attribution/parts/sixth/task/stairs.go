package main

// task goes up and down stairs until it is at the bottom: half of what is even, thrice and one more of what is odd.
type task struct {
	known [1 << 14]uint16
	at    uint64
}

func newTask(seed int64) *task { return &task{at: uint64(seed) + 27} }

func (t *task) long(n uint64) (steps uint16) {
	from := n
	for n != 1 {
		if n < from && n < uint64(len(t.known)) && t.known[n] > 0 {
			steps += t.known[n]
			break
		}
		if n&1 == 0 {
			n >>= 1
		} else {
			n = 3*n + 1
		}
		steps++
	}
	if from < uint64(len(t.known)) {
		t.known[from] = steps
	}
	return steps
}

func (t *task) step() (sum uint64) {
	for range 7000 {
		t.at = t.at%3_000_000 + 1
		sum = sum*7 + uint64(t.long(t.at))
	}
	return sum
}
