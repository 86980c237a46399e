package main

import (
	"math"
	"sync"
)

type vec struct{ x, y, z float64 }

func (a vec) plus(b vec) vec      { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) times(f float64) vec { return vec{a.x * f, a.y * f, a.z * f} }
func (a vec) dot(b vec) float64   { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) unit1() vec          { return a.times(1 / math.Sqrt(a.dot(a))) }

type ball struct {
	at     vec
	r, dim float64
}

// struck is how far along a ray a ball is, if at all.
func (s ball) struck(from, way vec) float64 {
	d := from.plus(s.at.times(-1))
	half := d.dot(way)
	under := half*half - d.dot(d) + s.r*s.r
	if under < 0 {
		return math.Inf(1)
	}
	if far := -half - math.Sqrt(under); far > 1e-6 {
		return far
	}
	return math.Inf(1)
}

func bright(balls []ball, from, way vec, left int) float64 {
	best, at := math.Inf(1), -1
	for i, s := range balls {
		if far := s.struck(from, way); far < best {
			best, at = far, i
		}
	}
	if at < 0 || left == 0 {
		return 0.3 + 0.7*math.Abs(way.y)
	}
	hit := from.plus(way.times(best))
	normal := hit.plus(balls[at].at.times(-1)).unit1()
	back := way.plus(normal.times(-2 * way.dot(normal)))
	return balls[at].dim * bright(balls, hit, back, left-1)
}

type stripe struct {
	y   int
	lit [320]float64
}

// A lantern among balls, seen line by line by two.
func main() {
	b := newTally(0)
	lines, seen := make(chan int, 8), make(chan *stripe, 8)
	room := sync.Pool{New: func() any { return &stripe{} }}
	var balls []ball
	for i := range 24 {
		balls = append(balls, ball{vec{float64(i%6)*2 - 5, float64(i/6)*2 - 3, 8 + float64(i%5)}, 0.9, 0.5 + float64(i%4)/10})
	}
	var both sync.WaitGroup
	for i := range int64(2) {
		both.Go(func() {
			t := newTask(cfg.Seed + i)
			for y := range lines {
				s := room.Get().(*stripe)
				s.y = y
				for x := range s.lit {
					way := vec{float64(x)/160 - 1, float64(y)/120 - 1, 1.4}.unit1()
					s.lit[x] = bright(balls, vec{}, way, 5)
				}
				s.lit[0] += float64(t.step() & 1)
				seen <- s
			}
		})
	}
	go func() {
		for n := 0; !over(); n++ {
			lines <- n % 240
		}
		close(lines)
		both.Wait()
		close(seen)
	}()
	for s := range seen {
		b.sum += uint64(s.lit[s.y]*1000) + uint64(s.y)
		b.passes[0]++
		room.Put(s)
	}
	finish(b, 2)
}
