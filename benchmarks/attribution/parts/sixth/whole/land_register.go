package main

import (
	"math/rand"
	"sync"
)

const tallest = 14

type plot struct {
	key   int
	owner uint64
	next  [tallest]*plot
}

// register is a list with shortcuts, which many may read at once.
type register struct {
	sync.RWMutex
	head plot
	r    *rand.Rand
}

func (g *register) before(key int, path *[tallest]*plot) *plot {
	at := &g.head
	for h := tallest - 1; h >= 0; h-- {
		for at.next[h] != nil && at.next[h].key < key {
			at = at.next[h]
		}
		if path != nil {
			path[h] = at
		}
	}
	return at.next[0]
}

func (g *register) enter(key int, owner uint64) {
	g.Lock()
	defer g.Unlock()
	var path [tallest]*plot
	if p := g.before(key, &path); p != nil && p.key == key {
		p.owner = owner
		return
	}
	p := &plot{key: key, owner: owner}
	for h := 0; h == 0 || h < tallest && g.r.Intn(3) == 0; h++ {
		p.next[h] = path[h].next[h]
		path[h].next[h] = p
	}
}

// owned adds up who owns what from one plot on.
func (g *register) owned(from, many int) (sum uint64) {
	g.RLock()
	defer g.RUnlock()
	for p := g.before(from, nil); p != nil && many > 0; p = p.next[0] {
		sum += p.owner
		many--
	}
	return sum
}

// Two look up whose land is whose, and one of them now and then enters a new owner.
func main() {
	b := newTally(0)
	g := &register{r: rand.New(rand.NewSource(cfg.Seed))}
	for range 20000 {
		g.enter(g.r.Intn(1<<20), g.r.Uint64())
	}
	own := []*tally{newTally(0), newTally(0)}
	var both sync.WaitGroup
	for i := range own {
		both.Go(func() {
			r, t := rand.New(rand.NewSource(cfg.Seed-int64(i))), newTask(cfg.Seed+int64(i))
			for !over() {
				for range 10 {
					own[i].sum += g.owned(r.Intn(1<<20), 50)
				}
				v := t.step()
				if i == 0 && own[i].passes[0]%15 == 0 {
					g.enter(r.Intn(1<<20), v)
				}
				own[i].sum += v
				own[i].passes[0]++
			}
		})
	}
	both.Wait()
	b.add(own[0])
	b.add(own[1])
	finish(b, 2)
}
