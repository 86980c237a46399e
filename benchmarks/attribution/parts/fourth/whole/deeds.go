package main

import (
	"os"
	"time"
)

// Works, and puts down now and then how far it is, for good.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	file, err := os.Create("deeds")
	check(err)
	next := time.Now()
	for !over() {
		b.sum += t.step()
		b.passes[0]++
		if time.Now().After(next) {
			_, err := file.WriteAt([]byte{byte(b.passes[0]), byte(b.sum)}, 0)
			check(err)
			check(file.Sync())
			next = time.Now().Add(200 * time.Millisecond)
		}
	}
	finish(b, 1)
}
