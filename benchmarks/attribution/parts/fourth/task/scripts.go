package main

import "math/rand"

type op uint8

const (
	push op = iota
	add
	mul
	dup
	swap
	drop
	jump
)

type order struct {
	op op
	n  int64
}

// task follows small scripts.
type task struct {
	scripts [][]order
	stack   []int64
	at      int
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{}
	for range 40 {
		script := []order{{push, 3}, {push, 5}, {push, 7}}
		for range 200 {
			o := order{op(r.Intn(7)), int64(1 + r.Intn(99))}
			if o.op == drop {
				script = append(script, order{push, o.n})
			}
			if o.op == add || o.op == mul {
				script = append(script, order{dup, 0})
			}
			script = append(script, o)
		}
		t.scripts = append(t.scripts, script)
	}
	return t
}

func (t *task) run(script []order) int64 {
	s := t.stack[:0]
	for at := 0; at < len(script); at++ {
		top := len(s) - 1
		switch o := script[at]; o.op {
		case push:
			s = append(s, o.n)
		case add:
			s[top-1] += s[top]
			s = s[:top]
		case mul:
			s[top-1] = s[top-1]*s[top] + 1
			s = s[:top]
		case dup:
			s = append(s, s[top])
		case swap:
			s[top], s[top-1] = s[top-1], s[top]
		case drop:
			s = s[:top]
		case jump:
			if s[top]&3 == 0 && at+1 < len(script) && script[at+1].op == push {
				at++
			}
		}
	}
	t.stack = s
	return s[len(s)-1]
}

func (t *task) step() (sum uint64) {
	for range 500 {
		t.at = (t.at + 1) % len(t.scripts)
		sum = sum*31 + uint64(t.run(t.scripts[t.at]))
	}
	return sum
}
