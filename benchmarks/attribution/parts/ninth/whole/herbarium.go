package main

import (
	"encoding/binary"
	"math/rand"
	"os"
	"sort"
)

const (
	sheetSize = 4096
	most      = (sheetSize - 16) / 16
)

// sheet is a page of the tree: keys and values, or keys and the sheets below.
type sheet struct {
	at     uint32
	leaf   bool
	n      int
	next   uint32
	keys   [most]uint64
	values [most]uint64
	dirty  bool
	used   bool
}

// herbarium is a tree in a file; as many of its sheets as fit are kept at hand, of which what was not looked at lately makes room.
type herbarium struct {
	file  *os.File
	hand  map[uint32]*sheet
	row   []*sheet
	clock int
	last  uint32
	root  uint32
	room  [sheetSize]byte
}

func (h *herbarium) store(s *sheet) {
	h.room[0] = 0
	if s.leaf {
		h.room[0] = 1
	}
	binary.BigEndian.PutUint32(h.room[4:], uint32(s.n))
	binary.BigEndian.PutUint32(h.room[8:], s.next)
	for i := range s.n {
		binary.BigEndian.PutUint64(h.room[16+i*16:], s.keys[i])
		binary.BigEndian.PutUint64(h.room[24+i*16:], s.values[i])
	}
	_, err := h.file.WriteAt(h.room[:], int64(s.at)*sheetSize)
	check(err)
	s.dirty = false
}

// free is room for a sheet: new, or that of one that was not looked at lately.
func (h *herbarium) free(at uint32) *sheet {
	if len(h.row) < 700 {
		s := &sheet{at: at, used: true}
		h.row = append(h.row, s)
		h.hand[at] = s
		return s
	}
	for ; ; h.clock++ {
		s := h.row[h.clock%len(h.row)]
		if s.used {
			s.used = false
			continue
		}
		if s.dirty {
			h.store(s)
		}
		delete(h.hand, s.at)
		s.at, s.used, s.n, s.next = at, true, 0, 0
		h.hand[at] = s
		return s
	}
}

func (h *herbarium) made(leaf bool) *sheet {
	h.last++
	s := h.free(h.last)
	s.leaf, s.dirty = leaf, true
	return s
}

func (h *herbarium) get(at uint32) *sheet {
	if s := h.hand[at]; s != nil {
		s.used = true
		return s
	}
	s := h.free(at)
	_, err := h.file.ReadAt(h.room[:], int64(at)*sheetSize)
	check(err)
	s.leaf, s.n, s.next = h.room[0] == 1, int(binary.BigEndian.Uint32(h.room[4:])), binary.BigEndian.Uint32(h.room[8:])
	for i := range s.n {
		s.keys[i], s.values[i] = binary.BigEndian.Uint64(h.room[16+i*16:]), binary.BigEndian.Uint64(h.room[24+i*16:])
	}
	return s
}

func (s *sheet) find(key uint64) (int, bool) {
	i := sort.Search(s.n, func(i int) bool { return s.keys[i] >= key })
	return i, i < s.n && s.keys[i] == key
}

func (s *sheet) insert(i int, key, value uint64) {
	copy(s.keys[i+1:s.n+1], s.keys[i:s.n])
	copy(s.values[i+1:s.n+1], s.values[i:s.n])
	s.keys[i], s.values[i], s.dirty = key, value, true
	s.n++
}

// below is where in an inner sheet the way to a key goes on.
func (s *sheet) below(key uint64) int {
	return max(0, sort.Search(s.n, func(i int) bool { return s.keys[i] > key })-1)
}

// put puts a value under a key; a sheet that is full is cut in two, of which the second is told to the one above.
func (h *herbarium) put(at uint32, key, value uint64) (cut uint64, second uint32) {
	s := h.get(at)
	i, there := s.find(key)
	if s.leaf && there {
		s.values[i], s.dirty = value, true
		return 0, 0
	}
	if !s.leaf {
		k := s.below(key)
		cut, second = h.put(uint32(s.values[k]), key, value)
		if second == 0 {
			return 0, 0
		}
		s = h.get(at)
		i, key, value = k+1, cut, uint64(second)
	}
	s.insert(i, key, value)
	if s.n < most {
		return 0, 0
	}
	other := h.made(s.leaf)
	half := s.n / 2
	other.n = copy(other.keys[:], s.keys[half:s.n])
	copy(other.values[:], s.values[half:s.n])
	other.next, s.next, s.n, s.dirty = s.next, other.at, half, true
	return other.keys[0], other.at
}

func (h *herbarium) press(key, value uint64) {
	if cut, second := h.put(h.root, key, value); second != 0 {
		top := h.made(false)
		top.insert(0, 0, uint64(h.root))
		top.insert(1, cut, uint64(second))
		h.root = top.at
	}
}

// from sums up so many values from a key on.
func (h *herbarium) from(key uint64, many int) (sum uint64) {
	s := h.get(h.root)
	for !s.leaf {
		s = h.get(uint32(s.values[s.below(key)]))
	}
	for i, _ := s.find(key); many > 0; many-- {
		if i >= s.n {
			if s.next == 0 {
				return sum
			}
			s, i = h.get(s.next), 0
		}
		sum += s.values[i]
		i++
	}
	return sum
}

// Keeps plants in order on sheets in a file, and looks rows of them up.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	file, err := os.CreateTemp(".", "sheets")
	check(err)
	h := &herbarium{file: file}
	for !over() {
		h.hand, h.last = map[uint32]*sheet{}, 0
		h.row = h.row[:0]
		h.root = h.made(true).at
		for n := 0; n < 40000 && !over(); n++ {
			h.press(1+uint64(r.Int63n(1<<40)), uint64(n))
			if n%4 == 3 {
				b.sum += h.from(uint64(r.Int63n(1<<40)), 30)
			}
			if n%400 == 0 {
				b.sum += t.step()
			}
		}
		for _, s := range h.row {
			if s.dirty {
				h.store(s)
			}
		}
		b.passes[0]++
	}
	check(file.Close())
	check(os.Remove(file.Name()))
	finish(b, 1)
}
