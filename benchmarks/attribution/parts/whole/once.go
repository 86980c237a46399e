package main

// Does a few things and is done.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for range cfg.Many {
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
