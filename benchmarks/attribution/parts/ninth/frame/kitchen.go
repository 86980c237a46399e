package main

type kitchen struct {
	t     *task
	parts []part
	b     *tally
	plate uint64
}

var courses = map[string]func(k *kitchen) string{
	"soup":   func(k *kitchen) string { k.b.turn(k.t, k.parts); return "roast" },
	"roast":  func(k *kitchen) string { k.b.turn(k.t, k.parts); k.plate++; return "sweets" },
	"sweets": func(k *kitchen) string { k.b.turn(k.t, k.parts); k.plate ^= k.b.sum; return "soup" },
}

// Serves one course after the other, each of which says which is next.
func main() {
	k := &kitchen{t: newTask(cfg.Seed), parts: newParts()}
	k.b = newTally(len(k.parts))
	for course := "soup"; !over(); {
		course = courses[course](k)
	}
	for _, p := range k.parts {
		p.end()
	}
	finish(k.b, 1)
}
