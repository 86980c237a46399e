package main

import (
	"bytes"
	"sync"
)

const hexDigits = "0123456789abcdef"

var sheets = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func written(v uint64) (sum uint64) {
	sheet := sheets.Get().(*bytes.Buffer)
	defer sheets.Put(sheet)
	sheet.Reset()
	for i := range 200 {
		sheet.WriteByte(hexDigits[v>>(i&31)&15])
		sheet.WriteByte(hexDigits[i&15])
	}
	for _, c := range sheet.Bytes() {
		sum = sum*31 + uint64(c)
	}
	return sum
}

// Two write on sheets that are used again.
func main() {
	var both sync.WaitGroup
	found := [2]*tally{newTally(0), newTally(0)}
	for i, own := range found {
		both.Go(func() {
			t := newTask(cfg.Seed + int64(i))
			for !over() {
				v := t.step()
				for k := range uint64(50) {
					own.sum += written(v + k)
				}
				own.passes[0]++
			}
		})
	}
	both.Wait()
	found[0].add(found[1])
	finish(found[0], 2)
}
