package main

import "container/list"

type card struct{ key, uses uint64 }

// Keeps what was used last at hand.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	order, at := list.New(), map[uint64]*list.Element{}
	for !over() {
		v := t.step()
		for range 400 {
			v = v*6364136223846793005 + 1442695040888963407
			key := (v >> 40) % 6000
			if e, ok := at[key]; ok {
				order.MoveToFront(e)
				e.Value.(*card).uses++
				continue
			}
			at[key] = order.PushFront(&card{key: key})
			if order.Len() > 5000 {
				last := order.Back()
				delete(at, last.Value.(*card).key)
				order.Remove(last)
			}
		}
		b.sum += v
		b.passes[0]++
	}
	finish(b, 1)
}
