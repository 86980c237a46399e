package main

type stairs struct {
	t     *task
	parts []part
	b     *tally
	steps uint64
}

// climb goes up a flight, does something on each landing, and comes down again.
func (s *stairs) climb(flights int) {
	if flights == 0 || over() {
		return
	}
	s.b.turn(s.t, s.parts)
	s.climb(flights - 1)
	s.steps += uint64(flights)
}

// Goes up and down a stairwell.
func main() {
	s := &stairs{t: newTask(cfg.Seed), parts: newParts()}
	s.b = newTally(len(s.parts))
	for n := 0; !over(); n++ {
		s.climb(3 + n%5)
	}
	for _, p := range s.parts {
		p.end()
	}
	s.b.sum += s.steps
	finish(s.b, 1)
}
