package main

import (
	"math"
	"math/rand"
)

type star struct {
	x, y, z, vx, vy, vz, heavy float64
}

type sky [180]star

func (s *sky) pull(long float64) {
	for i := range s {
		a := &s[i]
		for k := i + 1; k < len(s); k++ {
			o := &s[k]
			x, y, z := a.x-o.x, a.y-o.y, a.z-o.z
			d := x*x + y*y + z*z + 1e-4
			f := long / (d * math.Sqrt(d))
			a.vx -= x * o.heavy * f
			a.vy -= y * o.heavy * f
			a.vz -= z * o.heavy * f
			o.vx += x * a.heavy * f
			o.vy += y * a.heavy * f
			o.vz += z * a.heavy * f
		}
	}
	for i := range s {
		a := &s[i]
		a.x += long * a.vx
		a.y += long * a.vy
		a.z += long * a.vz
	}
}

func (s *sky) energy() (e float64) {
	for i, a := range s {
		e += a.heavy * (a.vx*a.vx + a.vy*a.vy + a.vz*a.vz) / 2
		for _, o := range s[i+1:] {
			e -= a.heavy * o.heavy / (math.Hypot(math.Hypot(a.x-o.x, a.y-o.y), a.z-o.z) + 1e-2)
		}
	}
	return e
}

// Works out where the stars will stand.
func main() {
	b, s, r := newTally(0), &sky{}, rand.New(rand.NewSource(cfg.Seed))
	for i := range s {
		s[i] = star{r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), 0, 0, 0, 0.01 + r.Float64()}
	}
	for !over() {
		for range 10 {
			s.pull(1e-4)
			b.passes[0]++
		}
		b.sum += math.Float64bits(s.energy()) >> 20
	}
	finish(b, 1)
}
