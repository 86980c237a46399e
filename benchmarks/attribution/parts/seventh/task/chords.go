package main

import "math/rand"

// task finds where a tune comes back, by hashes that roll along.
type task struct {
	tune [24000]byte
	last [4096]uint16
	r    *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.tune {
		t.tune[i] = byte('a' + t.r.Intn(7))
	}
	return t
}

func (t *task) step() (again uint64) {
	t.tune[t.r.Intn(len(t.tune))] = byte('a' + t.r.Intn(7))
	clear(t.last[:])
	for _, long := range []int{5, 9, 14} {
		var hash, out uint32 = 0, 1
		for range long {
			out *= 31
		}
		for i, note := range t.tune {
			hash = hash*31 + uint32(note)
			if i < long {
				continue
			}
			hash -= out * uint32(t.tune[i-long])
			place := hash * 2654435761 >> 20
			if at := int(t.last[place]); at >= long && string(t.tune[at-long:at]) == string(t.tune[i-long:i]) {
				again++
			}
			t.last[place] = uint16(i)
		}
	}
	return again
}
