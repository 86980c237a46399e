package main

import (
	"bytes"
	"os/exec"
	"time"
)

// Works, and has something small looked up outside now and then.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	next := time.Now().Add(50 * time.Millisecond)
	for !over() {
		b.sum += t.step()
		b.passes[0]++
		if time.Now().After(next) {
			out, err := exec.Command("uname", "-m").Output()
			check(err)
			b.sum += uint64(len(bytes.TrimSpace(out)))
			next = time.Now().Add(250 * time.Millisecond)
		}
	}
	finish(b, 1)
}
