package main

import (
	"math"
	"math/rand"
)

const sheet = 256

type dot struct{ x, y float32 }

// page gathers how much of each field lies to the right of a line; summed up from the left that is how dark it is.
type page struct {
	area [sheet*sheet + 2]float32
	ink  [sheet * sheet]byte
}

func (p *page) line(a, b dot) {
	if a.y == b.y {
		return
	}
	turn := float32(1)
	if a.y > b.y {
		a, b, turn = b, a, -1
	}
	slope := (b.x - a.x) / (b.y - a.y)
	x := a.x
	for y := int(a.y); y < min(sheet, int(math.Ceil(float64(b.y)))); y++ {
		high := min(float32(y+1), b.y) - max(float32(y), a.y)
		next := x + slope*high
		left, right := min(x, next), max(x, next)
		p.row(y*sheet, left, right, high*turn)
		x = next
	}
}

func (p *page) row(row int, left, right, d float32) {
	first, last := int(left), int(right)
	if first == last {
		mid := (left+right)/2 - float32(first)
		p.area[row+first] += d * (1 - mid)
		p.area[row+first+1] += d * mid
		return
	}
	per := d / (right - left)
	for at := first; at <= last; at++ {
		from, to := max(left, float32(at)), min(right, float32(at+1))
		part := (to - from) * per
		mid := (from+to)/2 - float32(at)
		p.area[row+at] += part * (1 - mid)
		p.area[row+at+1] += part * mid
	}
}

// curve bends from one dot to another, drawn to by a third.
func (p *page) curve(a, by, b dot) {
	last := a
	for n := 1; n <= 12; n++ {
		s := float32(n) / 12
		o := 1 - s
		next := dot{o*o*a.x + 2*o*s*by.x + s*s*b.x, o*o*a.y + 2*o*s*by.y + s*s*b.y}
		p.line(last, next)
		last = next
	}
}

func (p *page) dry() (sum uint64) {
	dark := float32(0)
	for i := range p.ink {
		dark += p.area[i]
		p.ink[i] = byte(min(255, max(dark, -dark)*255))
		sum += uint64(p.ink[i])
	}
	clear(p.area[:])
	return sum
}

// Writes pages full of letters that nobody can read.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for p := (&page{}); !over(); b.passes[0]++ {
		for range 120 {
			x, y, w := 2+r.Float32()*(sheet-44), 2+r.Float32()*(sheet-44), 8+r.Float32()*30
			first := dot{x + r.Float32()*w, y + r.Float32()*w}
			last := first
			for range 5 {
				next := dot{x + r.Float32()*w, y + r.Float32()*w}
				p.curve(last, dot{x + r.Float32()*w, y + r.Float32()*w}, next)
				last = next
			}
			p.line(last, first)
		}
		b.sum += p.dry() + t.step()
	}
	finish(b, 1)
}
