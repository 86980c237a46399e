package main

import (
	"slices"
	"sync"
)

func sorted(rows []uint32, depth int) {
	if depth == 0 {
		slices.Sort(rows)
		return
	}
	var both sync.WaitGroup
	for _, half := range [][]uint32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		both.Add(1)
		go func() {
			defer both.Done()
			sorted(half, depth-1)
		}()
	}
	both.Wait()
}

// Halves of a table are sorted beside each other, again and again.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	rows := make([]uint32, 1<<18)
	for !over() {
		for i := range rows {
			rows[i] = rows[i]*1664525 + uint32(i) + 12345
		}
		sorted(rows, 1)
		b.sum += uint64(rows[77]) ^ t.step()
		b.passes[0]++
	}
	finish(b, 2)
}
