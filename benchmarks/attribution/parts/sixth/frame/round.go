package main

import "container/list"

type errand struct {
	left int
	do   func()
}

// Errands take their turns, and each goes back into the row until it is done.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b, row := newTally(len(parts)), list.New()
	for i := range 3 {
		row.PushBack(&errand{4 + i, func() { b.turn(t, parts) }})
	}
	for !over() {
		e := row.Remove(row.Front()).(*errand)
		e.do()
		if e.left--; e.left == 0 {
			e.left = 4
		}
		row.PushBack(e)
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
