package main

type hand struct {
	t     *task
	parts []part
	b     *tally
}

// Hands that are free are sent to whatever comes next.
func main() {
	free := make(chan *hand, cfg.Many)
	for i := range cfg.Many {
		h := &hand{t: newTask(cfg.Seed + int64(i)), parts: newParts()}
		h.b = newTally(len(h.parts))
		free <- h
	}
	for !over() {
		h := <-free
		go func() {
			defer func() { free <- h }()
			for range 4 {
				h.b.turn(h.t, h.parts)
				if over() {
					return
				}
			}
		}()
	}
	var b *tally
	for range cfg.Many {
		h := <-free
		for _, p := range h.parts {
			p.end()
		}
		if b == nil {
			b = h.b
		} else {
			b.add(h.b)
		}
	}
	finish(b, cfg.Many)
}
