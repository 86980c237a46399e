package main

type sheet struct {
	n    int
	sums [4]uint64
}

// A sheet goes through four hands, each of which adds something.
func main() {
	b := newTally(0)
	from := make(chan *sheet, 4)
	first := from
	for i := range 4 {
		to := make(chan *sheet, 4)
		go func(from <-chan *sheet) {
			defer close(to)
			t := newTask(cfg.Seed + int64(i))
			for s := range from {
				s.sums[i] = t.step()
				to <- s
			}
		}(from)
		from = to
	}
	go func() {
		for n := 0; !over(); n++ {
			first <- &sheet{n: n}
		}
		close(first)
	}()
	for s := range from {
		b.sum += s.sums[0] ^ s.sums[1] ^ s.sums[2] ^ s.sums[3]
		b.passes[0]++
	}
	finish(b, 2)
}
