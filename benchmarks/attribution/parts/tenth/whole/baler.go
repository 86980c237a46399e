package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
)

const (
	shortest = 4
	furthest = 65535
)

// baler presses what came before out of a text: how much is new, what that is, and then how far back and how long the rest was said.
type baler struct {
	last  [1 << 14]int32
	chain [furthest + 1]int32
}

func long(out []byte, n int) []byte {
	for ; n >= 255; n -= 255 {
		out = append(out, 255)
	}
	return append(out, byte(n))
}

func (p *baler) bale(out, text []byte, from, back, many int, fresh int) []byte {
	out = append(out, byte(min(fresh, 15)<<4|min(max(many-shortest, 0), 15)))
	if fresh >= 15 {
		out = long(out, fresh-15)
	}
	out = append(out, text[from:from+fresh]...)
	if many == 0 {
		return out
	}
	out = binary.LittleEndian.AppendUint16(out, uint16(back))
	if many-shortest >= 15 {
		out = long(out, many-shortest-15)
	}
	return out
}

func (p *baler) note(text []byte, at int) int32 {
	h := binary.LittleEndian.Uint32(text[at:]) * 2654435761 >> 18
	before := p.last[h]
	p.chain[at&furthest], p.last[h] = before, int32(at)
	return before
}

func (p *baler) press(out, text []byte) []byte {
	for i := range p.last {
		p.last[i] = -1
	}
	from := 0
	for at := 0; at+12 < len(text); {
		best, where := 0, 0
		for k, tries := p.note(text, at), 0; k >= 0 && at-int(k) < furthest && tries < 24; k, tries = p.chain[k&furthest], tries+1 {
			n := 0
			for at+n < len(text)-8 && text[int(k)+n] == text[at+n] {
				n++
			}
			if n > best {
				best, where = n, int(k)
			}
		}
		if best < shortest {
			at++
			continue
		}
		out = p.bale(out, text, from, at-where, best, at-from)
		for i := at + 1; i < at+best && i+4 < len(text); i++ {
			p.note(text, i)
		}
		at += best
		from = at
	}
	return p.bale(out, text, from, 0, 0, len(text)-from)
}

func more(text []byte, n int) ([]byte, int) {
	for n >= 15 {
		c := text[0]
		text = text[1:]
		n += int(c)
		if c < 255 {
			break
		}
	}
	return text, n
}

func loosen(out, text []byte) []byte {
	for len(text) > 0 {
		sign := text[0]
		rest, fresh := more(text[1:], int(sign>>4))
		out = append(out, rest[:fresh]...)
		if text = rest[fresh:]; len(text) == 0 {
			break
		}
		back := int(binary.LittleEndian.Uint16(text))
		rest, many := more(text[2:], int(sign&15))
		for text, many = rest, many+shortest; many > 0; many-- {
			out = append(out, out[len(out)-back])
		}
	}
	return out
}

// Presses wool into bales, and loosens each again to see that nothing was lost.
func main() {
	r, t, b, p := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0), &baler{}
	var text []byte
	for len(text) < 300<<10 {
		text = fmt.Appendf(text, "%d fleeces of %s, weighed on the %dth, %x\n", r.Intn(90), []string{"ewes", "rams", "lambs"}[r.Intn(3)], r.Intn(28), r.Intn(1<<20))
	}
	out, back := make([]byte, 0, len(text)), make([]byte, 0, len(text))
	for !over() {
		text[r.Intn(len(text))] ^= 3
		out = p.press(out[:0], text)
		back = loosen(back[:0], out)
		if !bytes.Equal(back, text) {
			panic("lost")
		}
		b.sum += uint64(len(out)) + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
