package main

import (
	"math/rand"
	"time"
)

type chime struct {
	rounds int
	f      func() uint64
}

// clock has a face of places, at each of which chimes wait for the hand.
type clock struct {
	face [64][]chime
	at   int
}

func (c *clock) after(ticks int, f func() uint64) {
	at := (c.at + ticks) % len(c.face)
	c.face[at] = append(c.face[at], chime{ticks / len(c.face), f})
}

func (c *clock) tick() (sum uint64) {
	c.at = (c.at + 1) % len(c.face)
	now := c.face[c.at]
	c.face[c.at] = nil
	for _, one := range now {
		if one.rounds > 0 {
			one.rounds--
			c.face[c.at] = append(c.face[c.at], one)
			continue
		}
		sum += one.f()
	}
	return sum
}

// Three hundred chimes on one clock.
func main() {
	t, b, c := newTask(cfg.Seed), newTally(0), &clock{}
	r := rand.New(rand.NewSource(cfg.Seed))
	var again func() uint64
	var n int
	again = func() (sum uint64) {
		c.after(30+r.Intn(120), again)
		if n++; n%3 == 0 {
			sum = t.step() + t.step()
			b.passes[0]++
		}
		return sum + uint64(n)
	}
	for range 300 {
		c.after(1+r.Intn(100), again)
	}
	hand := time.NewTicker(10 * time.Millisecond)
	defer hand.Stop()
	for range hand.C {
		b.sum += c.tick()
		if over() {
			break
		}
	}
	finish(b, 1)
}
