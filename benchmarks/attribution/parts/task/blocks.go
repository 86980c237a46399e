package main

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand"
)

// task packs pages and unpacks them again.
type task struct {
	page   []byte
	packed bytes.Buffer
	w      *flate.Writer
	r      io.ReadCloser
	out    []byte
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{page: make([]byte, 24<<10), out: make([]byte, 24<<10)}
	for i := range t.page {
		t.page[i] = byte(r.Intn(12)) * byte(i&3)
	}
	t.w, _ = flate.NewWriter(&t.packed, 2)
	t.r = flate.NewReader(&t.packed)
	return t
}

func (t *task) step() (sum uint64) {
	for i := range 2 {
		t.packed.Reset()
		t.page[i*100]++
		t.w.Reset(&t.packed)
		t.w.Write(t.page)
		t.w.Close()
		t.r.(flate.Resetter).Reset(&t.packed, nil)
		n, _ := io.ReadFull(t.r, t.out)
		for _, c := range t.out[:n] {
			sum = sum*31 + uint64(c)
		}
	}
	return sum
}
