package main

import (
	"cmp"
	"math/bits"
	"math/rand"
	"slices"
	"sync"
)

type bee struct {
	genes [4]uint64
	worth int
}

// hive is a swarm that gets better, and now and then gives or takes one.
type hive struct {
	r        *rand.Rand
	now, new []bee
	land     [64][4]uint64
	in, out  chan bee
}

func (h *hive) judge(one *bee) {
	one.worth = 0
	for i := range h.land {
		same := 0
		for k, word := range h.land[i] {
			same += bits.OnesCount64(^(word ^ one.genes[k]))
		}
		one.worth += same * same
	}
}

func (h *hive) parent() *bee {
	a, b := &h.now[h.r.Intn(len(h.now))], &h.now[h.r.Intn(len(h.now))]
	if a.worth >= b.worth {
		return a
	}
	return b
}

func (h *hive) summer() {
	for i := range h.new {
		a, b, one := h.parent(), h.parent(), &h.new[i]
		for k := range one.genes {
			mask := h.r.Uint64()
			one.genes[k] = a.genes[k]&mask | b.genes[k]&^mask
		}
		one.genes[h.r.Intn(4)] ^= 1 << h.r.Intn(64)
		h.judge(one)
	}
	h.now, h.new = h.new, h.now
}

func (h *hive) keep() *tally {
	b := newTally(0)
	for !over() {
		for range 12 {
			h.summer()
			b.passes[0]++
		}
		best := slices.MaxFunc(h.now, func(a, b bee) int { return cmp.Compare(a.worth, b.worth) })
		b.sum += uint64(best.worth)
		select {
		case h.out <- best:
		default:
		}
		select {
		case h.now[0] = <-h.in:
		default:
		}
	}
	return b
}

// Two keep bees, and send each other the best of them, if there is room.
func main() {
	over, back := make(chan bee, 1), make(chan bee, 1)
	hives := []*hive{{in: over, out: back}, {in: back, out: over}}
	counts := make([]*tally, len(hives))
	var both sync.WaitGroup
	for i, h := range hives {
		h.r = rand.New(rand.NewSource(cfg.Seed + int64(i)))
		land := rand.New(rand.NewSource(cfg.Seed))
		for k := range h.land {
			h.land[k] = [4]uint64{land.Uint64(), land.Uint64(), land.Uint64(), land.Uint64()}
		}
		h.now, h.new = make([]bee, 200), make([]bee, 200)
		both.Go(func() { counts[i] = h.keep() })
	}
	both.Wait()
	counts[0].add(counts[1])
	finish(counts[0], 2)
}
