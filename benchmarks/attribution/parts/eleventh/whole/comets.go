package main

import (
	"math"
	"math/rand"
)

const bodies = 160

// sky holds bodies that draw each other; each of them is where it is, and moves.
type sky struct {
	x, y, z, vx, vy, vz, m [bodies]float64
	ax, ay, az             [bodies]float64
}

func (s *sky) draw() (bound float64) {
	clear(s.ax[:])
	clear(s.ay[:])
	clear(s.az[:])
	for i := range bodies {
		for k := i + 1; k < bodies; k++ {
			dx, dy, dz := s.x[k]-s.x[i], s.y[k]-s.y[i], s.z[k]-s.z[i]
			d := dx*dx + dy*dy + dz*dz + 0.01
			near := 1 / math.Sqrt(d)
			pull := near / d
			bound -= s.m[i] * s.m[k] * near
			s.ax[i] += dx * pull * s.m[k]
			s.ay[i] += dy * pull * s.m[k]
			s.az[i] += dz * pull * s.m[k]
			s.ax[k] -= dx * pull * s.m[i]
			s.ay[k] -= dy * pull * s.m[i]
			s.az[k] -= dz * pull * s.m[i]
		}
	}
	return bound
}

func (s *sky) pushed(by float64) (living float64) {
	for i := range bodies {
		s.vx[i] += s.ax[i] * by
		s.vy[i] += s.ay[i] * by
		s.vz[i] += s.az[i] * by
		living += s.m[i] * (s.vx[i]*s.vx[i] + s.vy[i]*s.vy[i] + s.vz[i]*s.vz[i]) / 2
	}
	return living
}

func (s *sky) moved(by float64) {
	for i := range bodies {
		s.x[i] += s.vx[i] * by
		s.y[i] += s.vy[i] * by
		s.z[i] += s.vz[i] * by
	}
}

// Follows comets for as long as there is time.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	s := &sky{}
	for i := range bodies {
		s.x[i], s.y[i], s.z[i] = r.NormFloat64(), r.NormFloat64(), r.NormFloat64()/9
		s.vx[i], s.vy[i], s.m[i] = -s.y[i]/3, s.x[i]/3, r.Float64()/bodies
	}
	const tick = 0.003
	for s.draw(); !over(); b.passes[0]++ {
		s.pushed(tick / 2)
		s.moved(tick)
		bound := s.draw()
		living := s.pushed(tick / 2)
		if b.passes[0]%40 == 0 {
			b.sum += math.Float64bits(bound+living)>>20 + t.step()
		}
	}
	finish(b, 1)
}
