package main

import "math/rand"

// task finds what lies in the middle of many numbers.
type task struct {
	from, room [16000]int32
	r          *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.from {
		t.from[i] = t.r.Int31()
	}
	return t
}

// pick brings the k-th smallest to its place.
func (t *task) pick(k int) int32 {
	lo, hi := 0, len(t.room)-1
	for lo < hi {
		middle := t.room[lo+t.r.Intn(hi-lo+1)]
		i, j := lo, hi
		for i <= j {
			for t.room[i] < middle {
				i++
			}
			for t.room[j] > middle {
				j--
			}
			if i <= j {
				t.room[i], t.room[j] = t.room[j], t.room[i]
				i++
				j--
			}
		}
		if k <= j {
			hi = j
		} else if k >= i {
			lo = i
		} else {
			break
		}
	}
	return t.room[k]
}

func (t *task) step() (sum uint64) {
	for i := range 5 {
		t.from[t.r.Intn(len(t.from))] = t.r.Int31()
		t.room = t.from
		sum += uint64(t.pick(len(t.room) / (2 + i)))
	}
	return sum
}
