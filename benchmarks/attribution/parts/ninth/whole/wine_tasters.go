package main

import (
	"cmp"
	"math"
	"math/rand"
	"slices"
)

const (
	bottles = 3000
	notes   = 12
)

// taster says good or not by one note alone.
type taster struct {
	note   int
	bound  float64
	turned bool
	weight float64
}

func (t *taster) says(bottle *[notes]float64) float64 {
	if (bottle[t.note] > t.bound) != t.turned {
		return 1
	}
	return -1
}

type cellar struct {
	bottles [bottles][notes]float64
	good    [bottles]float64
	weights [bottles]float64
	orders  [notes][bottles]int
	tasters []taster
}

func filled(r *rand.Rand) *cellar {
	c := &cellar{}
	for i := range c.bottles {
		sum := 0.0
		for k := range notes {
			c.bottles[i][k] = r.NormFloat64()
			sum += c.bottles[i][k] * c.bottles[i][k]
		}
		if c.good[i] = -1; sum > notes {
			c.good[i] = 1
		}
	}
	for k := range notes {
		for i := range bottles {
			c.orders[k][i] = i
		}
		slices.SortFunc(c.orders[k][:], func(a, b int) int { return cmp.Compare(c.bottles[a][k], c.bottles[b][k]) })
	}
	return c
}

// best is whoever errs least, as much as each bottle counts now.
func (c *cellar) best() (best taster, least float64) {
	least = 1
	for k := range notes {
		wrong := 0.0
		for i := range bottles {
			if c.good[i] < 0 {
				wrong += c.weights[i]
			}
		}
		for _, i := range c.orders[k] {
			wrong += c.weights[i] * c.good[i]
			for _, turned := range [2]bool{false, true} {
				e := wrong
				if turned {
					e = 1 - wrong
				}
				if e < least {
					best, least = taster{note: k, bound: c.bottles[i][k], turned: turned}, e
				}
			}
		}
	}
	return best, least
}

func (c *cellar) ask(rounds int) {
	c.tasters = c.tasters[:0]
	for i := range c.weights {
		c.weights[i] = 1.0 / bottles
	}
	for range rounds {
		one, wrong := c.best()
		one.weight = 0.5 * math.Log((1-wrong)/math.Max(wrong, 1e-9))
		sum := 0.0
		for i := range bottles {
			c.weights[i] *= math.Exp(-one.weight * c.good[i] * one.says(&c.bottles[i]))
			sum += c.weights[i]
		}
		for i := range c.weights {
			c.weights[i] /= sum
		}
		c.tasters = append(c.tasters, one)
	}
}

func (c *cellar) right() (n uint64) {
	for i := range c.bottles {
		sum := 0.0
		for k := range c.tasters {
			sum += c.tasters[k].weight * c.tasters[k].says(&c.bottles[i])
		}
		if sum*c.good[i] > 0 {
			n++
		}
	}
	return n
}

// Learns which tasters to trust, how much, and what they say together.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for c := filled(r); !over(); {
		at := r.Intn(bottles)
		c.good[at] = -c.good[at]
		c.ask(15)
		b.sum += c.right() + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
