package main

import (
	"fmt"
	"iter"
	"net/textproto"
)

// A long roll is read out a leaf at a time, and each leaf says which is next.
type unit struct {
	reader *textproto.Conn
	n, sum int
}

func newUnit() *unit {
	reader, err := textproto.Dial("tcp", cfg.Hosts[4])
	check(err)
	return &unit{reader: reader}
}

func (u *unit) leaf(at int) (next int, err error) {
	id, err := u.reader.Cmd("leaf %d", at)
	if err != nil {
		return 0, err
	}
	u.reader.StartResponse(id)
	defer u.reader.EndResponse(id)
	line, err := u.reader.ReadLine()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(line, "value %d of", &next)
	return next + at*3, err
}

func (u *unit) leaves(from, most int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for range most {
			next, err := u.leaf(from)
			if !yield(next, err) {
				return
			}
			from = next % 1000
		}
	}
}

func (u *unit) pass() {
	u.n++
	for value, err := range u.leaves(u.n, 2) {
		check(err)
		u.sum += value
	}
}

func (u *unit) end() { u.reader.Close() }
