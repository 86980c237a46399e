package main

const broad = 61

// task grows a maze of hedges, and looks how far it is from the gate to the middle.
type task struct {
	open  [broad * broad]bool
	far   [broad * broad]int16
	queue [broad * broad]int16
	n     uint64
}

func newTask(seed int64) *task { return &task{n: uint64(seed) + 31} }

var ways = [4]int{1, -1, broad, -broad}

func (t *task) grow() {
	clear(t.open[:])
	t.queue[0] = broad + 1
	t.open[broad+1] = true
	for deep := 1; deep > 0; {
		at := int(t.queue[deep-1])
		t.n = t.n*6364136223846793005 + 1442695040888963407
		moved := false
		for k := range 4 {
			w := ways[(int(t.n>>40)+k)%4]
			x, y := at%broad+2*(w%broad), at/broad+2*(w/broad)
			if x > 0 && x < broad-1 && y > 0 && y < broad-1 && !t.open[at+2*w] {
				t.open[at+w], t.open[at+2*w] = true, true
				t.queue[deep] = int16(at + 2*w)
				deep++
				moved = true
				break
			}
		}
		if !moved {
			deep--
		}
	}
}

func (t *task) walk() uint64 {
	for i := range t.far {
		t.far[i] = -1
	}
	t.queue[0], t.far[broad+1] = broad+1, 0
	for from, to := 0, 1; from < to; from++ {
		at := int(t.queue[from])
		for _, w := range ways {
			if next := at + w; t.open[next] && t.far[next] < 0 {
				t.far[next] = t.far[at] + 1
				t.queue[to] = int16(next)
				to++
			}
		}
	}
	return uint64(t.far[(broad/2|1)*broad+broad/2|1]) + t.n>>60
}

func (t *task) step() (sum uint64) {
	for range 3 {
		t.grow()
		sum += t.walk()
	}
	return sum
}
