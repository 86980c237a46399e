package main

import (
	"compress/gzip"
	"os"
)

// Packs what comes out of the task into a file.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	out, err := os.Create("packed.gz")
	check(err)
	z := gzip.NewWriter(out)
	page := make([]byte, 16<<10)
	for !over() {
		v := t.step()
		for i := range page {
			page[i] = byte(v >> (i & 31))
			v += uint64(i)
		}
		_, err := z.Write(page)
		check(err)
		b.sum += v
		b.passes[0]++
	}
	check(z.Close())
	check(out.Close())
	finish(b, 1)
}
