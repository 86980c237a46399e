package main

// task counts in how many ways a sum can be paid with some coins, and with how few of them.
type task struct {
	ways, few [4000]uint64
	coins     [7]int
	n         uint64
}

func newTask(seed int64) *task { return &task{n: uint64(seed) + 77} }

func (t *task) step() uint64 {
	for i := range t.coins {
		t.n = t.n*6364136223846793005 + 1442695040888963407
		t.coins[i] = 1 + int(t.n>>33%90)
	}
	clear(t.ways[:])
	for i := range t.few {
		t.few[i] = 1 << 40
	}
	t.ways[0], t.few[0] = 1, 0
	for _, c := range t.coins {
		for i := c; i < len(t.ways); i++ {
			t.ways[i] += t.ways[i-c]
			t.few[i] = min(t.few[i], t.few[i-c]+1)
		}
	}
	return t.ways[len(t.ways)-1] ^ t.few[len(t.few)-2]
}
