package main

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand"
	"sync"
)

type barrel struct {
	full, packed bytes.Buffer
	w            *flate.Writer
	r            io.ReadCloser
}

func (c *barrel) fill(staves []byte) uint64 {
	c.packed.Reset()
	c.w.Reset(&c.packed)
	_, err := c.w.Write(staves)
	check(err)
	check(c.w.Close())
	size := c.packed.Len()
	check(c.r.(flate.Resetter).Reset(&c.packed, nil))
	c.full.Reset()
	_, err = c.full.ReadFrom(c.r)
	check(err)
	return uint64(size ^ c.full.Len())
}

// Two fill barrels, and look whether all is still in them.
func main() {
	b := newTally(0)
	var mu sync.Mutex
	var both sync.WaitGroup
	for i := range int64(2) {
		both.Go(func() {
			r, t, own := rand.New(rand.NewSource(cfg.Seed+i)), newTask(cfg.Seed+i), newTally(0)
			staves := make([]byte, 48<<10)
			for k := range staves {
				staves[k] = "oak ash elm fir"[r.Intn(15)]
			}
			w, err := flate.NewWriter(io.Discard, 5)
			check(err)
			c := &barrel{w: w, r: flate.NewReader(bytes.NewReader(nil))}
			for !over() {
				own.sum += c.fill(staves) + t.step()
				own.passes[0]++
			}
			mu.Lock()
			b.add(own)
			mu.Unlock()
		})
	}
	both.Wait()
	finish(b, 2)
}
