package main

import (
	"bytes"
	"math/rand"
	"sync"
)

const (
	pans  = 6
	spare = 3
	full  = 16 << 10
)

var power, log = func() (p [510]byte, l [256]int) {
	v := 1
	for i := range 255 {
		p[i], p[i+255], l[v] = byte(v), byte(v), i
		if v <<= 1; v > 255 {
			v ^= 0x11d
		}
	}
	return p, l
}()

func times(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return power[log[a]+log[b]]
}

func over1(a byte) byte { return power[255-log[a]] }

// share is how much of a pan goes into one that is spare.
func share(row, column int) byte { return over1(byte(row+pans) ^ byte(column)) }

func pour(from, to []byte, by byte) {
	var table [256]byte
	for i := range table {
		table[i] = times(by, byte(i))
	}
	for i, v := range from {
		to[i] ^= table[v]
	}
}

type works struct{ pan, kept, back [pans + spare][]byte }

func newWorks(r *rand.Rand) *works {
	w := &works{}
	for i := range w.pan {
		w.pan[i], w.kept[i], w.back[i] = make([]byte, full), make([]byte, full), make([]byte, full)
	}
	for i := range pans {
		r.Read(w.pan[i])
	}
	return w
}

func (w *works) fill() {
	for k := range spare {
		clear(w.pan[pans+k])
		for i := range pans {
			pour(w.pan[i], w.pan[pans+k], share(k, i))
		}
	}
}

// restore makes the first two anew from the others and two that are spare.
func (w *works) restore() {
	for k := range 2 {
		copy(w.kept[k], w.pan[pans+k])
		for i := 2; i < pans; i++ {
			pour(w.pan[i], w.kept[k], share(k, i))
		}
	}
	a, b, c, d := share(0, 0), share(0, 1), share(1, 0), share(1, 1)
	whole := over1(times(a, d) ^ times(b, c))
	clear(w.back[0])
	clear(w.back[1])
	pour(w.kept[0], w.back[0], times(d, whole))
	pour(w.kept[1], w.back[0], times(b, whole))
	pour(w.kept[0], w.back[1], times(c, whole))
	pour(w.kept[1], w.back[1], times(a, whole))
}

// Two fill pans, and make those anew that were spilt, each at works of his own.
func main() {
	own, all := make([]*tally, 2), sync.WaitGroup{}
	for i := range own {
		all.Go(func() {
			r := rand.New(rand.NewSource(cfg.Seed + int64(i)))
			t, b, w := newTask(cfg.Seed), newTally(0), newWorks(r)
			for !over() {
				w.pan[r.Intn(pans)][r.Intn(full)]++
				w.fill()
				w.restore()
				if !bytes.Equal(w.back[0], w.pan[0]) || !bytes.Equal(w.back[1], w.pan[1]) {
					panic("spilt")
				}
				b.sum += t.step()
				b.passes[0]++
			}
			own[i] = b
		})
	}
	all.Wait()
	own[0].add(own[1])
	finish(own[0], 2)
}
