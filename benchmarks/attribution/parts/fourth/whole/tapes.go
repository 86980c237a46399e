package main

import (
	"bytes"
	"encoding/gob"
)

type song struct {
	Name  string
	Notes []int16
	Marks map[string]int
}

// Records songs and plays them.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var tape bytes.Buffer
	in, out := gob.NewEncoder(&tape), gob.NewDecoder(&tape)
	s := song{"of old", make([]int16, 900), map[string]int{"loud": 3, "slow": 7}}
	for !over() {
		v := t.step()
		for i := range s.Notes {
			s.Notes[i] = int16(v >> (i & 31))
		}
		check(in.Encode(s))
		var heard song
		check(out.Decode(&heard))
		b.sum += uint64(heard.Notes[7]) + uint64(len(heard.Marks))
		b.passes[0]++
	}
	finish(b, 1)
}
