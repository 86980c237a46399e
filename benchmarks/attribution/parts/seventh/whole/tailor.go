package main

import "math/rand"

// A seam is a place in a pattern: what leads on from it, and where to.
type seam struct {
	char     byte // 0 where it leads on without one
	any      bool
	one, two int
}

const done = -1

type cut struct {
	seams []seam
	start int
}

// sewn puts a pattern together from behind: letters, dots, and stars or pluses after them.
func sewn(pattern string) *cut {
	c := &cut{start: done}
	for i := len(pattern) - 1; i >= 0; i-- {
		again := byte(0)
		if pattern[i] == '*' || pattern[i] == '+' {
			again = pattern[i]
			i--
		}
		c.seams = append(c.seams, seam{pattern[i], pattern[i] == '.', c.start, done})
		at := len(c.seams) - 1
		if again != 0 {
			c.seams = append(c.seams, seam{0, false, at, c.start})
			loop := len(c.seams) - 1
			c.seams[at].one = loop
			if again == '*' {
				at = loop
			}
		}
		c.start = at
	}
	return c
}

// measure goes through a text once, at all places of the pattern at the same time.
type measure struct {
	c         *cut
	now, next []int
	seen      []int
	turn      int
	ends      bool
}

func (m *measure) reach(at int, set []int) []int {
	if at == done {
		m.ends = true
		return set
	}
	if m.seen[at] == m.turn {
		return set
	}
	m.seen[at] = m.turn
	if s := m.c.seams[at]; s.char == 0 {
		return m.reach(s.two, m.reach(s.one, set))
	}
	return append(set, at)
}

func (m *measure) fits(text []byte) (many int) {
	m.now = m.now[:0]
	for _, char := range text {
		m.turn++
		m.ends = false
		m.next = m.next[:0]
		for _, at := range m.now {
			if s := m.c.seams[at]; s.any || s.char == char {
				m.next = m.reach(s.one, m.next)
			}
		}
		m.next = m.reach(m.c.start, m.next)
		if m.ends {
			many++
		}
		m.now, m.next = m.next, m.now
	}
	return many
}

// Tries patterns on texts.
func main() {
	b, r := newTally(0), rand.New(rand.NewSource(cfg.Seed))
	text := make([]byte, 20000)
	var all []*measure
	for _, pattern := range []string{"a.*bc+d", "ab+.c", "d.d.d", "a*b*c*dd+a", "bad.*cab", "c.+ca"} {
		c := sewn(pattern)
		all = append(all, &measure{c: c, seen: make([]int, len(c.seams))})
	}
	for n := 0; !over(); n++ {
		if n%50 == 0 {
			for i := range text {
				text[i] = "abcd  \n"[r.Intn(7)]
			}
		}
		b.sum += uint64(all[n%len(all)].fits(text))
		b.passes[0]++
	}
	finish(b, 1)
}
