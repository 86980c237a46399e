package main

import "math/rand"

// sheet is a large table of which nearly all is nothing, row by row.
type sheet struct {
	begins []int32
	column []int32
	value  []float64
}

func pipes(wide int, r *rand.Rand) *sheet {
	m := &sheet{begins: []int32{0}}
	add := func(at int, v float64) { m.column, m.value = append(m.column, int32(at)), append(m.value, v) }
	for i := range wide * wide {
		if i >= wide {
			add(i-wide, -1)
		}
		if i%wide > 0 {
			add(i-1, -1)
		}
		add(i, 4+r.Float64()*0.05)
		if i%wide < wide-1 {
			add(i+1, -1)
		}
		if i < wide*(wide-1) {
			add(i+wide, -1)
		}
		m.begins = append(m.begins, int32(len(m.column)))
	}
	return m
}

func (m *sheet) times(x, out []float64) {
	for i := range out {
		sum := 0.0
		for k := m.begins[i]; k < m.begins[i+1]; k++ {
			sum += m.value[k] * x[m.column[k]]
		}
		out[i] = sum
	}
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

type solver struct{ x, left, way, room []float64 }

// solve finds the pressures under which so much flows, and in how many steps.
func (s *solver) solve(m *sheet, flow []float64) (steps int) {
	clear(s.x)
	copy(s.left, flow)
	copy(s.way, flow)
	much := dot(s.left, s.left)
	for enough := much * 1e-12; much > enough; steps++ {
		m.times(s.way, s.room)
		by := much / dot(s.way, s.room)
		for i := range s.x {
			s.x[i] += by * s.way[i]
			s.left[i] -= by * s.room[i]
		}
		more := dot(s.left, s.left)
		for i := range s.way {
			s.way[i] = s.left[i] + more/much*s.way[i]
		}
		much = more
	}
	return steps
}

// Finds out how high the pressure is in a town's pipes, for ever other springs.
func main() {
	const wide = 70
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	m, flow := pipes(wide, r), make([]float64, wide*wide)
	s := &solver{make([]float64, len(flow)), make([]float64, len(flow)), make([]float64, len(flow)), make([]float64, len(flow))}
	for !over() {
		flow[r.Intn(len(flow))] = r.NormFloat64()
		b.sum += t.step() + uint64(s.solve(m, flow))
		b.passes[0]++
	}
	finish(b, 1)
}
