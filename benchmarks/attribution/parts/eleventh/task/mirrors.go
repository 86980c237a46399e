package main

const wide = 20

type mirror [wide][wide]uint32

// task sends a beam through rows of mirrors, each of which turns it.
type task struct {
	one, all, room mirror
	n              uint64
}

func newTask(seed int64) *task {
	t := &task{n: uint64(seed) + 3}
	for i := range t.all {
		t.all[i][i] = 1
	}
	return t
}

const edge = 1000003

func (t *task) step() (sum uint64) {
	for i := range t.one {
		for k := range t.one[i] {
			t.n = t.n*6364136223846793005 + 1442695040888963407
			t.one[i][k] = uint32(t.n >> 40 % edge)
		}
	}
	for range 18 {
		for i := range t.all {
			for k := range wide {
				v := uint64(0)
				for j := range wide {
					v += uint64(t.all[i][j]) * uint64(t.one[j][k])
				}
				t.room[i][k] = uint32(v % edge)
			}
		}
		t.all, t.room = t.room, t.all
	}
	for i := range t.all {
		sum += uint64(t.all[i][i])
	}
	return sum
}
