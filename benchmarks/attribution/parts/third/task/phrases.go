package main

import (
	"math/rand"
	"strings"
)

// task reads sums that are written out and works them out.
type task struct {
	text string
	at   int
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	var out strings.Builder
	var write func(depth int)
	write = func(depth int) {
		if depth == 0 || r.Intn(8) == 0 {
			out.WriteByte(byte('1' + r.Intn(9)))
			return
		}
		out.WriteByte('(')
		write(depth - 1)
		out.WriteByte("+-*^"[r.Intn(4)])
		write(depth - 1)
		out.WriteByte(')')
	}
	for out.Len() < 20000 {
		out.Reset()
		write(18)
	}
	return &task{text: out.String()}
}

func (t *task) value() uint64 {
	c := t.text[t.at]
	t.at++
	if c != '(' {
		return uint64(c - '0')
	}
	a := t.value()
	sign := t.text[t.at]
	t.at++
	b := t.value()
	t.at++
	switch sign {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a*b + 1
	}
	return a ^ b
}

func (t *task) step() (sum uint64) {
	for range 4 {
		t.at = 0
		sum += t.value()
	}
	return sum
}
