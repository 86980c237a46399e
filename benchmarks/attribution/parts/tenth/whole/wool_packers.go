package main

import (
	"compress/flate"
	"fmt"
	"hash/crc32"
	"math/rand"
	"sync"
)

const bale = 64 << 10

// load is a piece of the whole, which is wanted in the order in which it came.
type load struct {
	wool   [bale]byte
	packed []byte
	crc    uint32
	sum    uint64
	done   chan struct{}
}

func (l *load) Write(p []byte) (int, error) {
	l.packed = append(l.packed, p...)
	return len(p), nil
}

func (l *load) fill(fleece []byte, n int) {
	for at := 0; at < bale; {
		from := (n*7919 + at*13) % (len(fleece) - 4096)
		at += copy(l.wool[at:], fleece[from:from+4096])
	}
}

func pack(loads <-chan *load) {
	t := newTask(cfg.Seed)
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	check(err)
	for l := range loads {
		l.packed = l.packed[:0]
		w.Reset(l)
		_, err := w.Write(l.wool[:])
		check(err)
		check(w.Flush())
		l.crc, l.sum = crc32.ChecksumIEEE(l.wool[:]), t.step()
		l.done <- struct{}{}
	}
}

// Two pack what comes in pieces; the pieces go out as they came, and some more are always there to be packed.
func main() {
	r, b := rand.New(rand.NewSource(cfg.Seed)), newTally(0)
	var fleece []byte
	for len(fleece) < 1<<20 {
		fleece = fmt.Appendf(fleece, "%d: %x of the %s, %d\n", r.Intn(999), r.Intn(1<<24), []string{"fleece", "hide", "yarn"}[r.Intn(3)], r.Intn(99))
	}
	var two sync.WaitGroup
	loads := make(chan *load, 8)
	for range 2 {
		two.Go(func() { pack(loads) })
	}
	var row [8]*load
	for n := range row {
		row[n] = &load{packed: make([]byte, 0, bale), done: make(chan struct{}, 1)}
		row[n].fill(fleece, n)
		loads <- row[n]
	}
	size := 0
	for n := len(row); !over(); n++ {
		l := row[n%len(row)]
		<-l.done
		size += len(l.packed)
		b.sum = b.sum*31 + uint64(l.crc) + l.sum
		b.passes[0]++
		l.fill(fleece, n)
		loads <- l
	}
	close(loads)
	two.Wait()
	b.sum += uint64(size)
	finish(b, 2)
}
