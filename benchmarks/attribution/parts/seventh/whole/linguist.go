package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"strconv"
)

// A node is a value, a list, or what is named; nodes lie in one row and are found by their place.
type node struct {
	kind        byte
	name        []byte
	number      float64
	child, next int32
}

type tongue struct {
	text  []byte
	at    int
	nodes []node
}

var errText = errors.New("cannot be read")

func (p *tongue) blank() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\n', '\t':
			p.at++
		case '#':
			end := bytes.IndexByte(p.text[p.at:], '\n')
			if end < 0 {
				end = len(p.text) - p.at
			}
			p.at += end
		default:
			return
		}
	}
}

func (p *tongue) add(n node) int32 {
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c == '_' }

func (p *tongue) word() []byte {
	from := p.at
	for p.at < len(p.text) && letter(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *tongue) value() (int32, error) {
	p.blank()
	if p.at == len(p.text) {
		return 0, errText
	}
	switch c := p.text[p.at]; {
	case c == '{' || c == '[':
		return p.many(c)
	case c == '"':
		end := bytes.IndexByte(p.text[p.at+1:], '"')
		if end < 0 {
			return 0, errText
		}
		name := p.text[p.at+1 : p.at+1+end]
		p.at += end + 2
		return p.add(node{kind: '"', name: name}), nil
	case letter(c):
		return p.add(node{kind: 'w', name: p.word()}), nil
	}
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] >= '0' && p.text[p.at] <= '9' || p.text[p.at] == '.' || p.text[p.at] == '-') {
		p.at++
	}
	number, err := strconv.ParseFloat(string(p.text[from:p.at]), 64)
	if err != nil {
		return 0, err
	}
	return p.add(node{kind: 'n', number: number}), nil
}

func (p *tongue) many(open byte) (int32, error) {
	p.at++
	own, last := p.add(node{kind: open}), int32(-1)
	for {
		p.blank()
		if p.at == len(p.text) {
			return 0, errText
		}
		if c := p.text[p.at]; c == '}' || c == ']' {
			p.at++
			return own, nil
		}
		var name []byte
		if open == '{' {
			name = p.word()
			if p.blank(); p.at == len(p.text) || p.text[p.at] != '=' {
				return 0, errText
			}
			p.at++
		}
		child, err := p.value()
		if err != nil {
			return 0, err
		}
		if name != nil {
			child = p.add(node{kind: '=', name: name, child: child})
		}
		if last < 0 {
			p.nodes[own].child = child
		} else {
			p.nodes[last].next = child
		}
		last = child
	}
}

func (p *tongue) weight(at int32) (sum float64) {
	for ; at > 0; at = p.nodes[at].next {
		n := p.nodes[at]
		sum += n.number + float64(len(n.name))
		if n.child > 0 {
			sum += p.weight(n.child)
		}
	}
	return sum
}

func spoken(w *bytes.Buffer, r *rand.Rand, deep int) {
	w.WriteString("{\n")
	for range 3 + r.Intn(4) {
		fmt.Fprintf(w, "%*s%s = ", deep*2, "", []string{"host", "port", "limits", "of_day", "rate"}[r.Intn(5)])
		switch k := r.Intn(5); {
		case k < 2 && deep < 5:
			spoken(w, r, deep+1)
		case k == 2:
			fmt.Fprintf(w, "[%d %d.5 \"%x\"]", r.Intn(100), r.Intn(9), r.Intn(9999))
		case k == 3:
			fmt.Fprintf(w, "-%d # as it was", r.Intn(1000))
		default:
			w.WriteString("always")
		}
		w.WriteByte('\n')
	}
	w.WriteByte('}')
}

// Understands what is written in a language of its own.
func main() {
	b, r := newTally(0), rand.New(rand.NewSource(cfg.Seed))
	texts := make([][]byte, 40)
	for i := range texts {
		var w bytes.Buffer
		w.WriteString("[")
		for range 6 {
			spoken(&w, r, 0)
		}
		w.WriteString("]")
		texts[i] = w.Bytes()
	}
	p := &tongue{}
	for n := 0; !over(); n++ {
		p.text, p.at, p.nodes = texts[n%len(texts)], 0, append(p.nodes[:0], node{})
		top, err := p.value()
		check(err)
		b.sum += uint64(p.weight(top))
		b.passes[0]++
	}
	finish(b, 1)
}
