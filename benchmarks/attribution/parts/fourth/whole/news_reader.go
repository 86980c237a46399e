package main

import (
	"encoding/json"
	"net/http"
	"time"
)

type news struct {
	Value int
	Of    string
}

// Looks now and then whether there is news, and thinks about it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	client := http.Client{Timeout: time.Second}
	look := time.NewTicker(40 * time.Millisecond)
	defer look.Stop()
	for !over() {
		<-look.C
		answer, err := client.Get("http://" + cfg.Hosts[15] + "/news")
		check(err)
		var n news
		check(json.NewDecoder(answer.Body).Decode(&n))
		answer.Body.Close()
		for range cfg.Many {
			b.sum += t.step() + uint64(n.Value)
			b.passes[0]++
		}
	}
	finish(b, 1)
}
