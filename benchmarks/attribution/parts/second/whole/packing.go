package main

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"io"
)

type parcel struct {
	To     string
	Weight float64
	Inside []int32
}

// Packs parcels and unpacks them again.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 6)
	check(err)
	r := flate.NewReader(&packed)
	inside := make([]int32, 20000)
	for n := 0; !over(); n++ {
		inside[n%len(inside)] = int32(n * n)
		packed.Reset()
		w.Reset(&packed)
		check(gob.NewEncoder(w).Encode(parcel{"somebody", float64(n), inside}))
		check(w.Close())
		check(r.(flate.Resetter).Reset(&packed, nil))
		size, err := io.Copy(io.Discard, r)
		check(err)
		b.sum += uint64(size) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
