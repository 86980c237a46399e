package main

import "math/rand"

// task reads arithmetic expressions and works them out.
type task struct {
	source []byte
	at     int
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{}
	for len(t.source) < 20000 {
		t.source = append(t.source, '(', byte('1'+r.Intn(9)), "+-*"[r.Intn(3)], byte('1'+r.Intn(9)), ')')
		t.source = append(t.source, "+-*"[r.Intn(3)])
	}
	t.source = append(t.source, '7', 0)
	return t
}

func (t *task) factor() int64 {
	c := t.source[t.at]
	t.at++
	if c == '(' {
		v := t.sum()
		t.at++
		return v
	}
	return int64(c - '0')
}

func (t *task) product() int64 {
	v := t.factor()
	for t.source[t.at] == '*' {
		t.at++
		v *= t.factor()
	}
	return v
}

func (t *task) sum() int64 {
	v := t.product()
	for {
		switch t.source[t.at] {
		case '+':
			t.at++
			v += t.product()
		case '-':
			t.at++
			v -= t.product()
		default:
			return v
		}
	}
}

func (t *task) step() (all uint64) {
	for range 12 {
		t.at = 0
		all += uint64(t.sum())
	}
	return all
}
