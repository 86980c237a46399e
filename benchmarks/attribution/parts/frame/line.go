package main

func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	for !over() {
		b.turn(t, parts)
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
