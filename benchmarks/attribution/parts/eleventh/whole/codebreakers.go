package main

import (
	"math"
	"math/rand"
	"sync"
)

const (
	signs = 26
	text  = 1500
)

// desk is where one of them sits: what was sent, the key that is tried, and how likely two letters follow each other.
type desk struct {
	r      *rand.Rand
	t      *task
	b      *tally
	likely [signs][signs]float32
	pairs  [signs][signs]float32
	sent   [text]byte
	key    [signs]byte
}

func newDesk(seed int64) *desk {
	d := &desk{r: rand.New(rand.NewSource(seed)), t: newTask(seed), b: newTally(0)}
	for i := range d.likely {
		for k := range d.likely[i] {
			d.likely[i][k] = float32(math.Log(1e-3 + math.Pow(d.r.Float64(), 9)))
		}
	}
	return d
}

func (d *desk) receive() {
	clear(d.pairs[:])
	before := byte(0)
	for i := range d.sent {
		best := byte(0)
		for range 5 {
			if c := byte(d.r.Intn(signs)); d.likely[before][c] > d.likely[before][best] {
				best = c
			}
		}
		d.sent[i] = (best*7 + 3) % signs
		before = best
		if i > 0 {
			d.pairs[d.sent[i-1]][d.sent[i]]++
		}
	}
	for i, v := range d.r.Perm(signs) {
		d.key[i] = byte(v)
	}
}

func (d *desk) sense() (sum float32) {
	for i, row := range d.pairs {
		of := &d.likely[d.key[i]]
		for k, n := range row {
			sum += n * of[d.key[k]]
		}
	}
	return sum
}

func (d *desk) search(tries int) float32 {
	best := d.sense()
	for n := range tries {
		i, k := d.r.Intn(signs), d.r.Intn(signs)
		d.key[i], d.key[k] = d.key[k], d.key[i]
		heat := float32(tries-n) / float32(tries) * 20
		if now := d.sense(); now > best-heat*d.r.Float32() {
			best = now
		} else {
			d.key[i], d.key[k] = d.key[k], d.key[i]
		}
	}
	return best
}

func (d *desk) work() {
	for !over() {
		d.receive()
		d.b.sum += uint64(math.Float32bits(d.search(600))) + d.t.step()
		d.b.passes[0]++
	}
}

// Two sit at their desks, and each looks for the keys of what he has received.
func main() {
	one, other := newDesk(cfg.Seed), newDesk(cfg.Seed+1)
	var both sync.WaitGroup
	both.Go(one.work)
	both.Go(other.work)
	both.Wait()
	one.b.add(other.b)
	finish(one.b, 2)
}
