package main

import (
	"encoding/json"
	"fmt"
)

type document struct {
	Name   string            `json:"name"`
	Tags   []string          `json:"tags"`
	Fields map[string]string `json:"fields"`
	Parts  []document        `json:"parts,omitempty"`
}

func compose(depth, n int) document {
	d := document{Name: fmt.Sprintf("document %d", n), Tags: []string{"new", "long"}, Fields: map[string]string{"a": "1", "b": "2"}}
	for i := 0; i < 4 && depth > 0; i++ {
		d.Parts = append(d.Parts, compose(depth-1, n*4+i))
	}
	return d
}

// Writes and reads documents.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	kept := make([][]byte, 4000)
	for n := 0; !over(); n++ {
		text, err := json.Marshal(compose(2, n))
		check(err)
		var again document
		check(json.Unmarshal(text, &again))
		kept[n%len(kept)] = text
		b.sum += uint64(len(again.Parts))
		for range 2 {
			b.sum += t.step()
		}
		b.passes[0]++
	}
	finish(b, 1)
}
