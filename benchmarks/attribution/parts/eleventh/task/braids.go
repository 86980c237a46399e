package main

const strands = 1200

// task lays braids over each other, and counts how often each must be laid until it is straight again.
type task struct {
	braid, next, last [strands]uint16
	seen              [strands]bool
	n                 uint64
}

func newTask(seed int64) *task {
	t := &task{n: uint64(seed)*2 + 5}
	for i := range t.braid {
		t.braid[i], t.last[i] = uint16(i), uint16(strands-1-i)
	}
	return t
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// lay takes another braid, and lays it over what there is.
func (t *task) lay() {
	for i := strands - 1; i > 0; i-- {
		t.n = t.n*6364136223846793005 + 1442695040888963407
		k := int(t.n >> 33 % uint64(i+1))
		t.braid[i], t.braid[k] = t.braid[k], t.braid[i]
	}
	for range 8 {
		for i, at := range t.last {
			t.next[i] = t.braid[at]
		}
		t.last, t.next = t.next, t.last
	}
}

func (t *task) step() uint64 {
	for range 14 {
		t.lay()
	}
	clear(t.seen[:])
	turns := uint64(1)
	for i := range t.last {
		long := uint64(0)
		for at := i; !t.seen[at]; at = int(t.last[at]) {
			t.seen[at] = true
			long++
		}
		if long > 0 && turns < 1<<40 {
			turns = turns / gcd(turns, long) * long
		}
	}
	return turns
}
