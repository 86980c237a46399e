package main

import (
	"fmt"
	"math/rand"
	"strings"
)

type state struct{ at, left int }

type good struct{ weight, worth int }

type packer struct {
	goods []good
	known map[state]int
}

// best is what can be carried at most from one place of the list on.
func (p *packer) best(s state) int {
	if s.at == len(p.goods) {
		return 0
	}
	if v, ok := p.known[s]; ok {
		return v
	}
	v := p.best(state{s.at + 1, s.left})
	if g := p.goods[s.at]; g.weight <= s.left {
		v = max(v, g.worth+p.best(state{s.at + 1, s.left - g.weight}))
	}
	p.known[s] = v
	return v
}

// Packs so many bags, each as well as can be.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	r := rand.New(rand.NewSource(cfg.Seed))
	p := &packer{known: make(map[state]int, 1<<16)}
	var list strings.Builder
	for bag := range int(cfg.Span * 950) {
		p.goods = p.goods[:0]
		clear(p.known)
		for range 30 {
			p.goods = append(p.goods, good{3 + r.Intn(40), 1 + r.Intn(99)})
		}
		v := p.best(state{0, 200})
		fmt.Fprintf(&list, "bag %d: %d\n", bag, v)
		b.sum += t.step() + uint64(v)
		b.passes[0]++
	}
	b.sum += uint64(list.Len())
	finish(b, 1)
}
