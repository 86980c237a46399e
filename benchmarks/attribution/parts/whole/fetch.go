package main

import (
	"io"
	"net/http"
)

// Gets something from elsewhere now and then, and works with it for long.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for !over() {
		answer, err := http.Get("http://" + cfg.Hosts[3] + "/rates")
		check(err)
		text, err := io.ReadAll(answer.Body)
		check(err)
		answer.Body.Close()
		for range 250 {
			b.sum += t.step() + uint64(len(text))
			b.passes[0]++
			if over() {
				break
			}
		}
	}
	finish(b, 1)
}
