package main

// doer does one thing; a wrap puts something around it.
type (
	doer func() error
	wrap func(doer) doer
)

func counted(n *int) wrap {
	return func(f doer) doer {
		return func() error { *n++; return f() }
	}
}

func whileOpen(open func() bool) wrap {
	return func(f doer) doer {
		return func() error {
			if !open() {
				return nil
			}
			return f()
		}
	}
}

// A thing to do with layers around it, done as long as there is time.
func main() {
	t, parts, n := newTask(cfg.Seed), newParts(), 0
	b := newTally(len(parts))
	do := doer(func() error { b.turn(t, parts); return nil })
	for _, around := range []wrap{counted(&n), whileOpen(func() bool { return !over() })} {
		do = around(do)
	}
	for !over() {
		check(do())
	}
	for _, p := range parts {
		p.end()
	}
	b.sum ^= uint64(n)
	finish(b, 1)
}
