package main

import (
	"fmt"
	"math/rand"
	"sort"
	"strconv"
	"strings"
)

const rows = 12000

// court keeps its cases by columns; words are kept once, and by number.
type court struct {
	columns map[string][]int
	words   []string
	numbers map[string]int
	groups  map[int]int
	sums    []group
}

type group struct{ of, sum, many int }

func (c *court) number(word string) int {
	n, ok := c.numbers[word]
	if !ok {
		n = len(c.words)
		c.words = append(c.words, word)
		c.numbers[word] = n
	}
	return n
}

// asked is a question that is taken apart: which rows, by what, the sum of what, and how many at most.
type asked struct {
	of, by string
	where  func(row int) bool
	limit  int
}

type reader struct {
	words []string
	court *court
}

func (r *reader) next() string {
	if len(r.words) == 0 {
		return ""
	}
	word := r.words[0]
	r.words = r.words[1:]
	return word
}

func (r *reader) term() (func(int) bool, error) {
	if r.words[0] == "(" {
		r.next()
		f, err := r.either()
		r.next()
		return f, err
	}
	if r.words[0] == "not" {
		r.next()
		f, err := r.term()
		return func(row int) bool { return !f(row) }, err
	}
	column, ok := r.court.columns[r.next()]
	if !ok {
		return nil, fmt.Errorf("no such column")
	}
	sign, word := r.next(), r.next()
	v, err := strconv.Atoi(word)
	if strings.HasPrefix(word, "'") {
		v, err = r.court.number(strings.Trim(word, "'")), nil
	}
	switch sign {
	case "<":
		return func(row int) bool { return column[row] < v }, err
	case ">":
		return func(row int) bool { return column[row] > v }, err
	default:
		return func(row int) bool { return column[row] == v }, err
	}
}

func (r *reader) both() (func(int) bool, error) {
	f, err := r.term()
	for err == nil && len(r.words) > 0 && r.words[0] == "and" {
		r.next()
		one := f
		var other func(int) bool
		other, err = r.term()
		f = func(row int) bool { return one(row) && other(row) }
	}
	return f, err
}

func (r *reader) either() (func(int) bool, error) {
	f, err := r.both()
	for err == nil && len(r.words) > 0 && r.words[0] == "or" {
		r.next()
		one := f
		var other func(int) bool
		other, err = r.both()
		f = func(row int) bool { return one(row) || other(row) }
	}
	return f, err
}

func (c *court) read(question string) (a asked, err error) {
	r := &reader{strings.Fields(question), c}
	for len(r.words) > 0 && err == nil {
		switch r.next() {
		case "sum":
			a.of = r.next()
		case "by":
			a.by = r.next()
		case "where":
			a.where, err = r.either()
		case "limit":
			a.limit, err = strconv.Atoi(r.next())
		}
	}
	return a, err
}

func (c *court) answer(a asked) (sum uint64) {
	clear(c.groups)
	c.sums = c.sums[:0]
	of, by := c.columns[a.of], c.columns[a.by]
	for row := range rows {
		if !a.where(row) {
			continue
		}
		at, ok := c.groups[by[row]]
		if !ok {
			at = len(c.sums)
			c.groups[by[row]] = at
			c.sums = append(c.sums, group{of: by[row]})
		}
		c.sums[at].sum += of[row]
		c.sums[at].many++
	}
	sort.Slice(c.sums, func(i, k int) bool { return c.sums[i].sum > c.sums[k].sum })
	for _, g := range c.sums[:min(a.limit, len(c.sums))] {
		sum = sum*31 + uint64(g.of*g.many)
	}
	return sum
}

// Answers questions about all the cases that a court had.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	c := &court{columns: map[string][]int{}, numbers: map[string]int{}, groups: map[int]int{}}
	for range rows {
		for column, v := range map[string]int{
			"year": 1700 + r.Intn(100), "fine": r.Intn(500), "town": c.number(fmt.Sprint("town", r.Intn(300))),
			"matter": c.number([]string{"theft", "brawl", "debt", "slander"}[r.Intn(4)]),
		} {
			c.columns[column] = append(c.columns[column], v)
		}
	}
	for n := 0; !over(); n++ {
		question := fmt.Sprintf("sum fine by %s where ( matter = '%s' or matter = 'debt' ) and not year < %d and fine > %d limit %d",
			[]string{"town", "year", "matter"}[n%3], []string{"theft", "brawl", "slander"}[r.Intn(3)], 1700+r.Intn(80), r.Intn(200), 3+n%9)
		a, err := c.read(question)
		check(err)
		b.sum += c.answer(a) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
