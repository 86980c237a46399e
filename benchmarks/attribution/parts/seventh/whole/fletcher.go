package main

import (
	"cmp"
	"math/rand"
	"slices"
)

type arrow struct {
	long  uint32
	mark  uint32
	owner int32
}

func byLength(a, b arrow) int {
	return cmp.Or(cmp.Compare(a.long, b.long), cmp.Compare(a.mark, b.mark))
}

// bundles is a tree of those that lost: at its top is the bundle whose next arrow is the shortest of all.
type bundles struct {
	all   [][]arrow
	loser []int
	top   int
}

func (m *bundles) less(a, b int) bool {
	switch {
	case len(m.all[a]) == 0:
		return false
	case len(m.all[b]) == 0:
		return true
	}
	return byLength(m.all[a][0], m.all[b][0]) < 0
}

func (m *bundles) build(at int) int {
	if at >= len(m.all) {
		return at - len(m.all)
	}
	a, b := m.build(2*at), m.build(2*at+1)
	if m.less(b, a) {
		a, b = b, a
	}
	m.loser[at] = b
	return a
}

func (m *bundles) next() (a arrow, ok bool) {
	who := m.top
	if len(m.all[who]) == 0 {
		return a, false
	}
	a, m.all[who] = m.all[who][0], m.all[who][1:]
	for at := (who + len(m.all)) / 2; at > 0; at /= 2 {
		if m.less(m.loser[at], who) {
			who, m.loser[at] = m.loser[at], who
		}
	}
	m.top = who
	return a, true
}

// Puts arrows in order: bundle by bundle, and then all bundles into one.
func main() {
	b, r := newTally(0), rand.New(rand.NewSource(cfg.Seed))
	const many, each = 16, 3000
	arrows, sorted := make([]arrow, many*each), make([]arrow, 0, many*each)
	m := &bundles{all: make([][]arrow, many), loser: make([]int, many)}
	for !over() {
		for i := range arrows {
			arrows[i] = arrow{r.Uint32() % 5000, r.Uint32(), int32(i)}
		}
		for i := range m.all {
			m.all[i] = arrows[i*each : (i+1)*each]
			slices.SortFunc(m.all[i], byLength)
		}
		m.top = m.build(1)
		sorted = sorted[:0]
		for a, ok := m.next(); ok; a, ok = m.next() {
			sorted = append(sorted, a)
		}
		for i := 0; i < len(sorted); i += 997 {
			b.sum += uint64(sorted[i].long)
		}
		b.passes[0]++
	}
	finish(b, 1)
}
