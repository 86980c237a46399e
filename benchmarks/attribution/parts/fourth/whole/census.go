package main

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// Writes down who lives where, and reads it again.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var sheet bytes.Buffer
	for !over() {
		sheet.Reset()
		w := csv.NewWriter(&sheet)
		v := t.step()
		for i := range uint64(150) {
			check(w.Write([]string{"a house", strconv.FormatUint(v%(i+9), 10), `the "old" one`}))
		}
		w.Flush()
		rows, err := csv.NewReader(&sheet).ReadAll()
		check(err)
		for _, row := range rows {
			n, err := strconv.Atoi(row[1])
			check(err)
			b.sum += uint64(n)
		}
		b.passes[0]++
	}
	finish(b, 1)
}
