package main

import (
	"container/list"
	"math/rand"
	"sync"
)

type cup struct {
	key   int
	value uint64
}

type cupboard struct {
	mu    sync.Mutex
	most  int
	order *list.List
	at    map[int]*list.Element
	hits  int
}

func (c *cupboard) find(key int) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[key]
	if !ok {
		return 0, false
	}
	c.hits++
	c.order.MoveToFront(e)
	return e.Value.(*cup).value, true
}

func (c *cupboard) put(key int, value uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.at[key]; ok {
		e.Value.(*cup).value = value
		return
	}
	c.at[key] = c.order.PushFront(&cup{key, value})
	if c.order.Len() > c.most {
		last := c.order.Back()
		delete(c.at, last.Value.(*cup).key)
		c.order.Remove(last)
	}
}

// Two share a cupboard in which stands what was used last.
func main() {
	b := newTally(0)
	c := &cupboard{most: 300, order: list.New(), at: map[int]*list.Element{}}
	own := []*tally{newTally(0), newTally(0)}
	var both sync.WaitGroup
	for i := range own {
		both.Go(func() {
			r, t := rand.New(rand.NewSource(cfg.Seed+int64(i))), newTask(cfg.Seed+int64(i))
			for !over() {
				key := int(r.ExpFloat64() * 150)
				v, ok := c.find(key)
				if !ok {
					v = t.step()
					c.put(key, v)
				}
				for k := range uint64(6000) {
					v = v*2862933555777941757 + k
				}
				own[i].sum += v
				own[i].passes[0]++
			}
		})
	}
	both.Wait()
	b.add(own[0])
	b.add(own[1])
	b.sum += uint64(c.hits)
	finish(b, 2)
}
