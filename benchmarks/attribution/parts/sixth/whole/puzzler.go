package main

import (
	"math/bits"
	"math/rand"
)

type grid struct {
	cells        [81]uint8
	row, col, in [9]uint16
	tried        uint64
	left         int
}

func (g *grid) free(at int) uint16 {
	return 0x1ff &^ (g.row[at/9] | g.col[at%9] | g.in[at/27*3+at%9/3])
}

func (g *grid) flip(at int, bit uint16) {
	g.row[at/9] ^= bit
	g.col[at%9] ^= bit
	g.in[at/27*3+at%9/3] ^= bit
}

// solve fills what is empty, first where there is least to choose from, and gives up when that takes too long.
func (g *grid) solve() bool {
	least, place := 10, -1
	for at, v := range g.cells {
		if v > 0 {
			continue
		}
		if n := bits.OnesCount16(g.free(at)); n < least {
			least, place = n, at
		}
	}
	if place < 0 {
		return true
	}
	for free := g.free(place); free != 0; free &= free - 1 {
		bit := free & -free
		if g.left--; g.left < 0 {
			return false
		}
		g.tried++
		g.flip(place, bit)
		g.cells[place] = uint8(bits.TrailingZeros16(bit) + 1)
		if g.solve() {
			return true
		}
		g.cells[place] = 0
		g.flip(place, bit)
	}
	return false
}

func (g *grid) set(r *rand.Rand, n int) {
	*g = grid{tried: g.tried, left: 3000}
	for range n {
		at := r.Intn(81)
		free := g.free(at)
		if g.cells[at] == 0 && free != 0 {
			bit := free & -free
			g.flip(at, bit)
			g.cells[at] = uint8(bits.TrailingZeros16(bit) + 1)
		}
	}
}

// Thinks puzzles up and solves those that can be.
func main() {
	t, b, g := newTask(cfg.Seed), newTally(0), &grid{}
	r := rand.New(rand.NewSource(cfg.Seed))
	for !over() {
		for range 4 {
			g.set(r, 14)
			if g.solve() {
				b.sum += uint64(g.cells[40])
			}
		}
		b.sum += t.step() + g.tried
		b.passes[0]++
	}
	finish(b, 1)
}
