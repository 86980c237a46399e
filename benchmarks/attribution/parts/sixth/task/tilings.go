package main

const (
	floorWide = 10
	floorMod  = 1_000_000_007
)

// task counts the ways to cover a floor with tiles of two squares.
type task struct {
	ways, then [1 << floorWide]uint64
	rows       int
}

func newTask(seed int64) *task { return &task{rows: 24 + int(seed%5)} }

// place covers one square more, whatever the squares before look like.
func (t *task) place(column int) {
	clear(t.then[:])
	for look, n := range t.ways {
		if n == 0 {
			continue
		}
		bit := 1 << column
		t.then[look^bit] = (t.then[look^bit] + n) % floorMod
		if look&bit == 0 && column+1 < floorWide && look&(bit<<1) == 0 {
			t.then[look|bit<<1] = (t.then[look|bit<<1] + n) % floorMod
		}
	}
	t.ways, t.then = t.then, t.ways
}

func (t *task) step() uint64 {
	clear(t.ways[:])
	t.ways[0] = 1
	for range t.rows {
		for column := range floorWide {
			t.place(column)
		}
	}
	return t.ways[0]
}
