package main

type wish struct {
	many int
	back chan uint64
}

// actor does what it is asked for, one thing after the other.
func actor(seed int64, wishes <-chan wish) {
	t := newTask(seed)
	for w := range wishes {
		sum := uint64(0)
		for range w.many {
			sum += t.step()
		}
		w.back <- sum
	}
}

// Two actors, who are given something new when they are done.
func main() {
	b := newTally(0)
	back := make(chan uint64)
	var stage [2]chan wish
	for i := range stage {
		stage[i] = make(chan wish, 2)
		go actor(cfg.Seed+int64(i), stage[i])
		stage[i] <- wish{5, back}
		stage[i] <- wish{5, back}
	}
	for n := 0; !over(); n++ {
		b.sum ^= <-back
		b.passes[0] += 5
		select {
		case stage[n&1] <- wish{5, back}:
		case stage[n&1^1] <- wish{5, back}:
		}
	}
	finish(b, 2)
}
