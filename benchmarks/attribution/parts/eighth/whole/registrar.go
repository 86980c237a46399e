package main

import (
	"math/bits"
	"math/rand"
)

const (
	people = 200_000
	words  = (people + 63) / 64
)

type set []uint64

func (s set) with(a, b set, f func(x, y uint64) uint64) set {
	for i := range s {
		s[i] = f(a[i], b[i])
	}
	return s
}

func (s set) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s set) each(f func(i int)) {
	for k, w := range s {
		for ; w != 0; w &= w - 1 {
			f(k<<6 | bits.TrailingZeros64(w))
		}
	}
}

// column knows for each value who has it.
type column struct {
	sets   []set
	values []uint8
}

func filled(r *rand.Rand, kinds int) column {
	c := column{values: make([]uint8, people)}
	for range kinds {
		c.sets = append(c.sets, make(set, words))
	}
	for i := range c.values {
		v := int(r.ExpFloat64()*float64(kinds)/3) % kinds
		c.values[i] = uint8(v)
		c.sets[v][i>>6] |= 1 << (i & 63)
	}
	return c
}

func and(x, y uint64) uint64     { return x & y }
func or(x, y uint64) uint64      { return x | y }
func without(x, y uint64) uint64 { return x &^ y }

// Says of how many people this and that is true, and how old they are.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	trade, town, age := filled(r, 12), filled(r, 30), filled(r, 90)
	found, room := make(set, words), make(set, words)
	var ages [90]int
	for !over() {
		clear(ages[:])
		found.with(town.sets[r.Intn(30)], town.sets[r.Intn(30)], or)
		room.with(trade.sets[r.Intn(12)], trade.sets[r.Intn(12)], or)
		found.with(found, room, and)
		found.with(found, age.sets[r.Intn(90)], without)
		found.each(func(i int) { ages[age.values[i]]++ })
		for a, n := range ages {
			b.sum += uint64(a * n)
		}
		b.sum += t.step() + uint64(found.count())
		b.passes[0]++
	}
	finish(b, 1)
}
