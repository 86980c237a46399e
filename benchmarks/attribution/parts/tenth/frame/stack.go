package main

// A stack of what is to be done; what is done puts more upon it.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	var stack []func() int
	var one, more func() int
	one = func() int { b.turn(t, parts); return 0 }
	more = func() int { b.turn(t, parts); return 2 }
	for !over() {
		if len(stack) == 0 {
			stack = append(stack, more)
		}
		do := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for range do() {
			stack = append(stack, one)
		}
	}
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
