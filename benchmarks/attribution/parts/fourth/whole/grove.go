package main

import (
	"slices"
	"sync"
)

// sorted sorts both halves beside each other, while they are large.
func sorted(all, room []uint64) {
	if len(all) < 4096 {
		slices.Sort(all)
		return
	}
	middle := len(all) / 2
	var half sync.WaitGroup
	half.Go(func() { sorted(all[:middle], room[:middle]) })
	sorted(all[middle:], room[middle:])
	half.Wait()
	copy(room, all)
	for i, a, b := 0, 0, middle; i < len(all); i++ {
		if b == len(all) || a < middle && room[a] <= room[b] {
			all[i] = room[a]
			a++
		} else {
			all[i] = room[b]
			b++
		}
	}
}

// Puts many things in order, by halves.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	all, room := make([]uint64, 1<<17), make([]uint64, 1<<17)
	for !over() {
		v := t.step()
		for i := range all {
			v = v*6364136223846793005 + 1442695040888963407
			all[i] = v
		}
		sorted(all, room)
		b.sum += all[len(all)/2]
		b.passes[0]++
	}
	finish(b, 2)
}
