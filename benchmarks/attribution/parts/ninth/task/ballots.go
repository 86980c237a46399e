package main

import "math/rand"

// task counts ballots on which candidates are ranked, until one has more than half.
type task struct {
	ballots [1500][7]uint8
	r       *rand.Rand
}

func newTask(seed int64) *task {
	t := &task{r: rand.New(rand.NewSource(seed))}
	for i := range t.ballots {
		t.fill(i)
	}
	return t
}

func (t *task) fill(i int) {
	for k := range t.ballots[i] {
		t.ballots[i][k] = uint8(k)
	}
	t.r.Shuffle(7, func(a, b int) { t.ballots[i][a], t.ballots[i][b] = t.ballots[i][b], t.ballots[i][a] })
}

func (t *task) won() int {
	var out [7]bool
	for {
		var votes [7]int
		for i := range t.ballots {
			for _, c := range t.ballots[i] {
				if !out[c] {
					votes[c]++
					break
				}
			}
		}
		least := -1
		for c, n := range votes {
			if n*2 > len(t.ballots) {
				return c
			}
			if !out[c] && (least < 0 || n < votes[least]) {
				least = c
			}
		}
		out[least] = true
	}
}

func (t *task) step() (sum uint64) {
	for range 6 {
		for range 20 {
			t.fill(t.r.Intn(len(t.ballots)))
		}
		sum = sum*31 + uint64(t.won())
	}
	return sum
}
