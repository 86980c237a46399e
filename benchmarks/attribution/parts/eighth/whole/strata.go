package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"math/rand"
	"os"
	"slices"
)

type grain struct{ key, value uint64 }

// stratum lies in a file, in order; of every hundredth grain it is known where it lies.
type stratum struct {
	file  *os.File
	signs []uint64
	many  int
}

const hundred = 100

func laid(next func() (grain, bool)) *stratum {
	file, err := os.CreateTemp(".", "stratum")
	check(err)
	s, w := &stratum{file: file}, bufio.NewWriterSize(file, 64<<10)
	var room [16]byte
	for g, ok := next(); ok; g, ok = next() {
		if s.many%hundred == 0 {
			s.signs = append(s.signs, g.key)
		}
		binary.BigEndian.PutUint64(room[:], g.key)
		binary.BigEndian.PutUint64(room[8:], g.value)
		w.Write(room[:])
		s.many++
	}
	check(w.Flush())
	return s
}

func (s *stratum) dug() func() (grain, bool) {
	_, err := s.file.Seek(0, io.SeekStart)
	check(err)
	r := bufio.NewReaderSize(s.file, 64<<10)
	var room [16]byte
	return func() (grain, bool) {
		if _, err := io.ReadFull(r, room[:]); err != nil {
			return grain{}, false
		}
		return grain{binary.BigEndian.Uint64(room[:]), binary.BigEndian.Uint64(room[8:])}, true
	}
}

func (s *stratum) gone() {
	s.file.Close()
	os.Remove(s.file.Name())
}

func (s *stratum) find(key uint64, room []byte) (uint64, bool) {
	at, exact := slices.BinarySearch(s.signs, key)
	if !exact {
		at--
	}
	if at < 0 {
		return 0, false
	}
	n, _ := s.file.ReadAt(room, int64(at)*hundred*16)
	for i := 0; i+16 <= n; i += 16 {
		if binary.BigEndian.Uint64(room[i:]) == key {
			return binary.BigEndian.Uint64(room[i+8:]), true
		}
	}
	return 0, false
}

// pressed makes one of two; what is newer counts.
func pressed(newer, older func() (grain, bool)) func() (grain, bool) {
	a, more := newer()
	b, also := older()
	return func() (out grain, ok bool) {
		switch {
		case more && also && a.key == b.key:
			out, ok = a, true
			a, more = newer()
			b, also = older()
		case more && (!also || a.key < b.key):
			out, ok = a, true
			a, more = newer()
		case also:
			out, ok = b, true
			b, also = older()
		}
		return out, ok
	}
}

// Lays stratum upon stratum, presses what is thin together, and looks for single grains.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	var fresh []grain
	var strata []*stratum
	room := make([]byte, hundred*16)
	for !over() {
		fresh = fresh[:0]
		for range 6000 {
			fresh = append(fresh, grain{uint64(r.Intn(40000)), r.Uint64()})
		}
		slices.SortStableFunc(fresh, func(a, b grain) int { return cmp.Compare(a.key, b.key) })
		fresh = slices.CompactFunc(fresh, func(a, b grain) bool { return a.key == b.key })
		at := -1
		strata = append(strata, laid(func() (grain, bool) {
			if at++; at < len(fresh) {
				return fresh[at], true
			}
			return grain{}, false
		}))
		for n := len(strata); n > 1 && strata[n-1].many*2 > strata[n-2].many; n = len(strata) {
			one := laid(pressed(strata[n-1].dug(), strata[n-2].dug()))
			strata[n-1].gone()
			strata[n-2].gone()
			strata = append(strata[:n-2], one)
		}
		for range 60 {
			key := uint64(r.Intn(40000))
			for _, s := range slices.Backward(strata) {
				if v, ok := s.find(key, room); ok {
					b.sum += v
					break
				}
			}
		}
		for range 3 {
			b.sum += t.step()
		}
		b.passes[0]++
	}
	for _, s := range strata {
		s.gone()
	}
	finish(b, 1)
}
