package main

import (
	"errors"
	"fmt"
	"math/rand"
	"strconv"
)

var errWrong = errors.New("not to be read")

// mark is where something begins and ends in a text; one that holds others says how many marks it is long.
type mark struct {
	kind     byte
	from, to int32
	size     int32
}

// shelf has a mark for all that is in a text, in the order in which it is there.
type shelf struct {
	text  []byte
	at    int
	marks []mark
}

func (s *shelf) space() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *shelf) add(kind byte, from int) {
	s.marks = append(s.marks, mark{kind, int32(from), int32(s.at), 1})
}

func (s *shelf) word() error {
	from := s.at
	for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	if s.at >= len(s.text) {
		return errWrong
	}
	s.at++
	s.add('"', from)
	return nil
}

func (s *shelf) many(ends byte) error {
	from := len(s.marks)
	s.add(s.text[s.at], s.at)
	s.at++
	for first := true; ; first = false {
		c := s.space()
		if c == ends {
			break
		}
		if !first {
			if c != ',' {
				return errWrong
			}
			s.at++
			s.space()
		}
		if ends == '}' {
			if err := s.word(); err != nil {
				return err
			}
			if s.space() != ':' {
				return errWrong
			}
			s.at++
		}
		if err := s.value(); err != nil {
			return err
		}
	}
	s.at++
	s.marks[from].to, s.marks[from].size = int32(s.at), int32(len(s.marks)-from)
	return nil
}

func (s *shelf) value() error {
	from := s.at
	switch c := s.space(); c {
	case '{':
		return s.many('}')
	case '[':
		return s.many(']')
	case '"':
		return s.word()
	case 0:
		return errWrong
	}
	from = s.at
	for s.at < len(s.text) && s.text[s.at] > ' ' && s.text[s.at] != ',' && s.text[s.at] != ']' && s.text[s.at] != '}' {
		s.at++
	}
	s.add('0', from)
	return nil
}

func (s *shelf) read(text []byte) error {
	s.text, s.at, s.marks = text, 0, s.marks[:0]
	if err := s.value(); err != nil {
		return err
	}
	if s.space() != 0 {
		return errWrong
	}
	return nil
}

func (s *shelf) is(i int) []byte { return s.text[s.marks[i].from:s.marks[i].to] }

// under is the mark of what an object has under a name, or -1.
func (s *shelf) under(at int, name string) int {
	for i := at + 1; i < at+int(s.marks[at].size); i += 1 + int(s.marks[i+1].size) {
		if w := s.is(i); string(w[1:len(w)-1]) == name {
			return i + 1
		}
	}
	return -1
}

// bare writes all of it without what is there for the eye only.
func (s *shelf) bare(out []byte, at int) []byte {
	m := s.marks[at]
	if m.kind != '{' && m.kind != '[' {
		return append(out, s.is(at)...)
	}
	out = append(out, m.kind)
	for i := at + 1; i < at+int(m.size); {
		if i > at+1 {
			out = append(out, ',')
		}
		if m.kind == '{' {
			out = append(append(out, s.is(i)...), ':')
			i++
		}
		out = s.bare(out, i)
		i += int(s.marks[i].size)
	}
	return append(out, m.kind+2)
}

// Reads recipes, adds up how much they need of all, and copies them in a small hand.
func main() {
	r, t, b, s := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0), &shelf{}
	text := []byte("[\n")
	for i := range 2500 {
		if i > 0 {
			text = append(text, ",\n"...)
		}
		text = fmt.Appendf(text, "  {\"recipe\": %d, \"against\": \"%s\", \"strong\": %v,\n   \"of\": [{\"herb\": \"sage \\\"%d\\\"\", \"grains\": %.2f}, "+
			"{\"herb\": \"rue\", \"grains\": %d, \"note\": null}]}", i, []string{"coughs", "the ague", "warts"}[r.Intn(3)], i%2 == 0, i, r.Float64()*9, r.Intn(40))
	}
	text = append(text, "\n]\n"...)
	var out []byte
	for !over() {
		check(s.read(text))
		grains := 0.0
		for i := 1; i < int(s.marks[0].size); i += int(s.marks[i].size) {
			of := s.under(i, "of")
			for k := of + 1; k < of+int(s.marks[of].size); k += int(s.marks[k].size) {
				v, err := strconv.ParseFloat(string(s.is(s.under(k, "grains"))), 64)
				check(err)
				grains += v
			}
		}
		out = s.bare(out[:0], 0)
		check(s.read(out))
		b.sum += uint64(grains) + uint64(len(out)) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
