package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// Packs a box in memory and looks into it again.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var box bytes.Buffer
	for !over() {
		box.Reset()
		z := zip.NewWriter(&box)
		for i := range 5 {
			w, err := z.Create(fmt.Sprint("thing ", i))
			check(err)
			v := t.step()
			b.passes[0]++
			for range 300 {
				fmt.Fprintln(w, v)
				v = v*31 + 7
			}
		}
		check(z.Close())
		again, err := zip.NewReader(bytes.NewReader(box.Bytes()), int64(box.Len()))
		check(err)
		for _, f := range again.File {
			r, err := f.Open()
			check(err)
			n, err := io.Copy(io.Discard, r)
			check(err)
			b.sum += uint64(n)
		}
	}
	finish(b, 1)
}
