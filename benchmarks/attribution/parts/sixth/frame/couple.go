package main

type half struct {
	seed  int64
	told  chan<- *tally
	parts []part
}

func (h half) run() {
	t, b := newTask(h.seed), newTally(len(h.parts))
	for !over() {
		b.turn(t, h.parts)
	}
	for _, p := range h.parts {
		p.end()
	}
	h.told <- b
}

// A couple, each with the same to do.
func main() {
	told := make(chan *tally)
	for i := range int64(2) {
		go half{cfg.Seed + i, told, newParts()}.run()
	}
	b := <-told
	b.add(<-told)
	finish(b, 2)
}
