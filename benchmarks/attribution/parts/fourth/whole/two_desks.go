package main

type slip struct{ v uint64 }

func stage(in <-chan *slip, seed int64) <-chan *slip {
	out := make(chan *slip, 2)
	go func() {
		defer close(out)
		t := newTask(seed)
		for s := range in {
			s.v ^= t.step()
			out <- s
		}
	}()
	return out
}

// Slips go over two desks, each of which has as much to do with them.
func main() {
	b := newTally(0)
	in := make(chan *slip, 2)
	go func() {
		defer close(in)
		for !over() {
			in <- &slip{}
		}
	}()
	for s := range stage(stage(in, cfg.Seed), cfg.Seed+1) {
		b.sum += s.v
		b.passes[0]++
	}
	finish(b, 2)
}
