package main

import (
	"strconv"
	"time"
)

// Writes dates and reads them, and counts days.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	room := make([]byte, 0, 64)
	for n := int64(0); !over(); n++ {
		for i := range int64(3000) {
			room = time.Unix(n*86400+i*7919, 0).UTC().AppendFormat(room[:0], time.RFC3339)
			day, err := time.Parse(time.RFC3339, string(room))
			check(err)
			room = strconv.AppendInt(room[:0], int64(day.YearDay()), 10)
			b.sum += uint64(room[0])
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
