package main

type keeper struct {
	t     *task
	parts []part
	b     *tally
	n     int
}

type state func(*keeper) state

func opening(k *keeper) state {
	k.t, k.parts = newTask(cfg.Seed), newParts()
	k.b = newTally(len(k.parts))
	return working
}

func working(k *keeper) state {
	for range 6 {
		k.b.turn(k.t, k.parts)
	}
	return looking
}

func looking(k *keeper) state {
	if k.n++; over() {
		return closing
	}
	return working
}

func closing(k *keeper) state {
	for _, p := range k.parts {
		p.end()
	}
	return nil
}

// From state to state until there is none.
func main() {
	k := &keeper{}
	for at := state(opening); at != nil; {
		at = at(k)
	}
	finish(k.b, 1)
}
