package main

import (
	"strconv"
	"strings"
)

// expr is a number, a name's place, or a list that begins with what is to be done.
type expr struct {
	kind byte // n, v, or ( for a list
	n    int64
	word string
	of   []*expr
}

func parse(words []string) (*expr, []string) {
	word, words := words[0], words[1:]
	if word == "(" {
		e := &expr{kind: '('}
		for words[0] != ")" {
			var one *expr
			one, words = parse(words)
			e.of = append(e.of, one)
		}
		return e, words[1:]
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return &expr{kind: 'n', n: n}, words
	}
	if strings.HasPrefix(word, "$") {
		n, _ := strconv.ParseInt(word[1:], 10, 64)
		return &expr{kind: 'v', n: n}, words
	}
	return &expr{kind: 'w', word: word}, words
}

type school struct {
	rules map[string]*expr
	stack []int64
}

func (s *school) learn(name, text string) {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	s.rules[name], _ = parse(strings.Fields(text))
}

func (s *school) solve(e *expr, base int) int64 {
	switch e.kind {
	case 'n':
		return e.n
	case 'v':
		return s.stack[base+int(e.n)]
	}
	first, rest := e.of[0].word, e.of[1:]
	if first == "if" {
		if s.solve(rest[0], base) != 0 {
			return s.solve(rest[1], base)
		}
		return s.solve(rest[2], base)
	}
	at := len(s.stack)
	for _, one := range rest {
		v := s.solve(one, base)
		s.stack = append(s.stack, v)
	}
	v := s.stack[at:]
	defer func() { s.stack = s.stack[:at] }()
	switch first {
	case "+":
		return v[0] + v[1]
	case "-":
		return v[0] - v[1]
	case "*":
		return v[0] * v[1] % 1_000_003
	case "<":
		if v[0] < v[1] {
			return 1
		}
		return 0
	}
	return s.solve(s.rules[first], at)
}

// Has pupils work sums out by rules they have learnt.
func main() {
	t, b, s := newTask(cfg.Seed), newTally(0), &school{rules: map[string]*expr{}}
	s.learn("rabbits", "(if (< $0 2) $0 (+ (rabbits (- $0 1)) (rabbits (- $0 2))))")
	s.learn("powers", "(if (< $1 1) 1 (* $0 (powers $0 (- $1 1))))")
	s.learn("both", "(+ (rabbits $0) (powers $1 $0))")
	s.learn("ask", "(both $0 $1)")
	for !over() {
		s.stack = append(s.stack[:0], int64(13+b.passes[0]%3), 7)
		b.sum += uint64(s.solve(s.rules["ask"], 0)) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
