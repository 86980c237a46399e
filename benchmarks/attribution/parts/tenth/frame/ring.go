package main

import "container/ring"

type chore struct {
	name string
	done int
}

// Goes around a ring of chores.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	chores := ring.New(5)
	for i := range chores.Len() {
		chores.Value = &chore{name: []string{"sweep", "mend", "fetch"}[i%3]}
		chores = chores.Next()
	}
	for ; !over(); chores = chores.Next() {
		c := chores.Value.(*chore)
		b.turn(t, parts)
		c.done += len(c.name)
	}
	for _, p := range parts {
		p.end()
	}
	chores.Do(func(v any) { b.sum += uint64(v.(*chore).done) })
	finish(b, 1)
}
