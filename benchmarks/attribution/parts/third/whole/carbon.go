package main

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
)

// Makes copies of a file, and proves each.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = byte(i * i >> 3)
	}
	check(os.WriteFile("sheet", text, 0o644))
	for !over() {
		from, err := os.Open("sheet")
		check(err)
		to, err := os.Create("copy")
		check(err)
		sum := sha256.New()
		_, err = io.Copy(io.MultiWriter(to, sum), from)
		check(err)
		from.Close()
		check(to.Close())
		b.sum += binary.LittleEndian.Uint64(sum.Sum(nil))
		for range 8 {
			b.sum += t.step()
			b.passes[0]++
		}
	}
	finish(b, 1)
}
