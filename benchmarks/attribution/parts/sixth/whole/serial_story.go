package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
)

type event struct{ id, kind, text string }

// follow hands on the events of a stream, one by one.
func follow(where string, f func(event)) error {
	answer, err := http.Get(where)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var e event
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.text += value
		case "":
			f(e)
			e = event{}
		}
	}
	return lines.Err()
}

// Reads a story as it comes out.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	kinds := map[string]int{}
	where := fmt.Sprintf("http://%s/events?every=40ms&count=%d", cfg.Hosts[20], int(cfg.Span*1000/40))
	check(follow(where, func(e event) {
		kinds[e.kind]++
		b.sum += t.step() + uint64(kinds["rise"])<<3
		b.passes[0]++
	}))
	finish(b, 1)
}
