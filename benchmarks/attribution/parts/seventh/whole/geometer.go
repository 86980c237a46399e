package main

import (
	"math"
	"math/rand"
)

type point struct{ x, y, z float64 }

func (p point) along(axis int) float64 {
	switch axis {
	case 0:
		return p.x
	case 1:
		return p.y
	}
	return p.z
}

// split brings the middle one along an axis to the middle.
func split(points []point, axis int) {
	lo, hi, k := 0, len(points)-1, len(points)/2
	for lo < hi {
		pivot := points[(lo+hi)/2].along(axis)
		i, j := lo, hi
		for i <= j {
			for points[i].along(axis) < pivot {
				i++
			}
			for points[j].along(axis) > pivot {
				j--
			}
			if i <= j {
				points[i], points[j] = points[j], points[i]
				i++
				j--
			}
		}
		if k <= j {
			hi = j
		} else if k >= i {
			lo = i
		} else {
			return
		}
	}
}

// halved orders points so that they are a tree: the middle one, those before it, and those after.
func halved(points []point, axis int) {
	if len(points) < 2 {
		return
	}
	split(points, axis)
	k := len(points) / 2
	halved(points[:k], (axis+1)%3)
	halved(points[k+1:], (axis+1)%3)
}

func near(points []point, axis int, to point, best float64) float64 {
	if len(points) == 0 {
		return best
	}
	k := len(points) / 2
	p := points[k]
	x, y, z := p.x-to.x, p.y-to.y, p.z-to.z
	best = min(best, x*x+y*y+z*z)
	off := to.along(axis) - p.along(axis)
	first, second := points[:k], points[k+1:]
	if off > 0 {
		first, second = second, first
	}
	best = near(first, (axis+1)%3, to, best)
	if off*off < best {
		best = near(second, (axis+1)%3, to, best)
	}
	return best
}

// Says how near the nearest is.
func main() {
	b, r := newTally(0), rand.New(rand.NewSource(cfg.Seed))
	points := make([]point, 20000)
	for !over() {
		for i := range points {
			points[i] = point{r.Float64(), r.Float64(), r.Float64() * r.Float64()}
		}
		halved(points, 0)
		for range 15000 {
			d := near(points, 0, point{r.Float64(), r.Float64(), r.Float64()}, math.Inf(1))
			b.sum += uint64(math.Sqrt(d) * 1e6)
			b.passes[0]++
		}
	}
	finish(b, 1)
}
