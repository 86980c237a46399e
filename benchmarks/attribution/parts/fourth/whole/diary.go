package main

import (
	"bufio"
	"log"
	"os"
	"time"
)

// Works and keeps a diary.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	file, err := os.Create("diary.txt")
	check(err)
	w := bufio.NewWriter(file)
	diary := log.New(w, "day ", log.LstdFlags|log.Lmicroseconds)
	for !over() {
		at := time.Now()
		b.sum += t.step()
		b.passes[0]++
		diary.Printf("item %d: %016x after %s", b.passes[0], b.sum, time.Since(at))
	}
	check(w.Flush())
	check(file.Close())
	finish(b, 1)
}
