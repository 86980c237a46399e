package main

import "bytes"

const odds = 1 << 11

// purse puts bits into as few bytes as their odds allow, and takes them out again.
type purse struct {
	odds    [256][256]uint16
	low     uint64
	wide    uint32
	cache   byte
	pending int
	code    uint32
	at      int
	coffer  []byte
	begun   bool
}

func (p *purse) reset() {
	for i := range p.odds {
		for k := range p.odds[i] {
			p.odds[i][k] = odds / 2
		}
	}
	p.low, p.wide, p.cache, p.pending, p.begun = 0, 0xffffffff, 0, 0, false
}

func (p *purse) shift() {
	if uint32(p.low) < 0xff000000 || p.low>>32 != 0 {
		if p.begun {
			p.coffer = append(p.coffer, p.cache+byte(p.low>>32))
		}
		for ; p.pending > 0; p.pending-- {
			p.coffer = append(p.coffer, 0xff+byte(p.low>>32))
		}
		p.cache, p.begun = byte(p.low>>24), true
	} else {
		p.pending++
	}
	p.low = p.low << 8 & 0xffffffff
}

func (p *purse) put(o *uint16, bit int) {
	bound := p.wide >> 11 * uint32(*o)
	if bit == 0 {
		p.wide = bound
		*o += (odds - *o) >> 5
	} else {
		p.low += uint64(bound)
		p.wide -= bound
		*o -= *o >> 5
	}
	for p.wide < 1<<24 {
		p.wide <<= 8
		p.shift()
	}
}

func (p *purse) take(o *uint16) (bit int) {
	bound := p.wide >> 11 * uint32(*o)
	if p.code < bound {
		p.wide = bound
		*o += (odds - *o) >> 5
	} else {
		p.code -= bound
		p.wide -= bound
		*o -= *o >> 5
		bit = 1
	}
	for p.wide < 1<<24 {
		p.wide <<= 8
		p.code = p.code<<8 | uint32(p.next())
	}
	return bit
}

func (p *purse) next() byte {
	if p.at++; p.at <= len(p.coffer) {
		return p.coffer[p.at-1]
	}
	return 0
}

func (p *purse) hoard(text []byte) {
	p.reset()
	p.coffer = p.coffer[:0]
	before := byte(0)
	for _, c := range text {
		node := 1
		for i := 7; i >= 0; i-- {
			bit := int(c>>i) & 1
			p.put(&p.odds[before][node], bit)
			node = node<<1 | bit
		}
		before = c
	}
	for range 5 {
		p.shift()
	}
}

func (p *purse) spend(to []byte) {
	p.reset()
	p.at, p.code = 0, 0
	for range 4 {
		p.code = p.code<<8 | uint32(p.next())
	}
	before := byte(0)
	for i := range to {
		node := 1
		for node < 256 {
			node = node<<1 | p.take(&p.odds[before][node])
		}
		to[i], before = byte(node), byte(node)
	}
}

// Hoards a text in as little room as it takes, and spends it again.
func main() {
	t, b, p := newTask(cfg.Seed), newTally(0), &purse{}
	text := bytes.Repeat([]byte("a penny saved is a penny got, and of pennies there are many; "), 400)
	again := make([]byte, len(text))
	for n := 0; !over(); n++ {
		text[n*37%len(text)] = byte('a' + n%26)
		p.hoard(text)
		p.spend(again)
		if !bytes.Equal(text, again) {
			panic("a penny is missing")
		}
		b.sum += t.step() + uint64(len(p.coffer))
		b.passes[0]++
	}
	finish(b, 1)
}
