package main

import (
	"hash/maphash"
	"strconv"
	"sync"
)

type drawer struct {
	sync.RWMutex
	in map[string]uint64
}

type cabinet struct {
	seed    maphash.Seed
	drawers [16]drawer
}

func (c *cabinet) of(key string) *drawer { return &c.drawers[maphash.String(c.seed, key)&15] }

func (c *cabinet) get(key string, make func() uint64) uint64 {
	d := c.of(key)
	d.RLock()
	v, ok := d.in[key]
	d.RUnlock()
	if !ok {
		v = make()
		d.Lock()
		d.in[key] = v
		d.Unlock()
	}
	return v
}

// A cabinet of many drawers, and two who look things up in it.
func main() {
	c := &cabinet{seed: maphash.MakeSeed()}
	for i := range c.drawers {
		c.drawers[i].in = map[string]uint64{}
	}
	var both sync.WaitGroup
	found := [2]*tally{newTally(0), newTally(0)}
	for i, own := range found {
		both.Go(func() {
			t := newTask(cfg.Seed + int64(i))
			for !over() {
				v := t.step()
				for k := range uint64(20) {
					own.sum += c.get(strconv.FormatUint((v>>k)&8191, 10), func() uint64 { return v })
				}
				own.passes[0]++
			}
		})
	}
	both.Wait()
	found[0].add(found[1])
	finish(found[0], 2)
}
