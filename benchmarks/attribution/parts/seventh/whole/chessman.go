package main

import "math/rand"

// board is seven columns of six and one that stays empty; own is whose turn it is.
type board struct{ own, all uint64 }

const bottom = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28 | 1<<35 | 1<<42

func (p board) free(col int) bool { return p.all&(1<<(col*7+5)) == 0 }

func (p board) play(col int) board {
	return board{p.own ^ p.all, p.all | (p.all + 1<<(col*7))}
}

// won says whether whoever moved last has four in a row.
func (p board) won() bool {
	last := p.own ^ p.all
	for _, way := range [4]uint{1, 7, 6, 8} {
		if m := last & (last >> way); m&(m>>(2*way)) != 0 {
			return true
		}
	}
	return false
}

type known struct {
	key   uint64
	deep  int8
	value int8
	exact bool
}

type player struct {
	seen  []known
	nodes uint64
}

var order = [7]int{3, 2, 4, 1, 5, 0, 6}

func (p *player) best(at board, deep, low, high int) int {
	p.nodes++
	if at.won() {
		return -40 - deep
	}
	if deep == 0 {
		return 0
	}
	key := at.own + at.all + bottom
	k := &p.seen[key*0x9e3779b97f4a7c15>>46]
	if k.key == key && int(k.deep) == deep && k.exact {
		return int(k.value)
	}
	first, moves := low, 0
	for _, col := range order {
		if !at.free(col) {
			continue
		}
		moves++
		if v := -p.best(at.play(col), deep-1, -high, -low); v > low {
			if low = v; low >= high {
				return low
			}
		}
	}
	if moves == 0 {
		return 0
	}
	*k = known{key, int8(deep), int8(low), low > first}
	return low
}

// Thinks about games that others have begun.
func main() {
	b, r := newTally(0), rand.New(rand.NewSource(cfg.Seed))
	p := &player{seen: make([]known, 1<<18)}
	for !over() {
		var at board
		for range 8 {
			if col := r.Intn(7); at.free(col) && !at.won() {
				at = at.play(col)
			}
		}
		for deep := 1; deep <= 9 && !over(); deep++ {
			b.sum += uint64(100 + p.best(at, deep, -90, 90))
		}
		b.passes[0]++
	}
	b.sum += p.nodes
	finish(b, 1)
}
