package main

import "sync"

// council does some things at the same time, and tells of the first that went wrong.
type council struct {
	all   sync.WaitGroup
	once  sync.Once
	wrong error
}

func (c *council) seat(do func() error) {
	c.all.Go(func() {
		if err := do(); err != nil {
			c.once.Do(func() { c.wrong = err })
		}
	})
}

func (c *council) wait() error {
	c.all.Wait()
	return c.wrong
}

// Holds one council after the other; the chair does the work, and two more each cast a vote.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	var votes [2]uint64
	for n := uint64(1); !over(); n++ {
		var c council
		c.seat(func() error { b.turn(t, parts); return nil })
		for i := range votes {
			c.seat(func() error { votes[i] = votes[i]*31 + n; return nil })
		}
		check(c.wait())
	}
	for _, p := range parts {
		p.end()
	}
	b.sum ^= votes[0] + votes[1]
	finish(b, 1)
}
