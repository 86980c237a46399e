package main

import (
	"math"
	"math/cmplx"
	"math/rand"
)

const (
	window = 2048
	taps   = 48
)

// ear hears which tones are in a sound.
type ear struct {
	turn  [window / 2]complex128
	shape [window]float64
	room  [window]complex128
	loud  [window / 2]float64
}

func newEar() *ear {
	e := &ear{}
	for i := range e.turn {
		e.turn[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/window)
	}
	for i := range e.shape {
		e.shape[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/window)
	}
	return e
}

func (e *ear) hear(sound []float64) {
	for i, k := 0, 0; i < window; i++ {
		e.room[k] = complex(sound[i]*e.shape[i], 0)
		bit := window / 2
		for ; k&bit != 0; bit >>= 1 {
			k ^= bit
		}
		k |= bit
		k &= window - 1
	}
	for half := 1; half < window; half *= 2 {
		for from := 0; from < window; from += 2 * half {
			for i := range half {
				a, b := e.room[from+i], e.room[from+half+i]*e.turn[i*(window/2/half)]
				e.room[from+i], e.room[from+half+i] = a+b, a-b
			}
		}
	}
	for i := range e.loud {
		e.loud[i] += cmplx.Abs(e.room[i])
	}
}

// tones are the loudest that stand above their neighbours.
func (e *ear) tones() (sum uint64) {
	for i := 1; i+1 < len(e.loud); i++ {
		if e.loud[i] > 30 && e.loud[i] > e.loud[i-1] && e.loud[i] >= e.loud[i+1] {
			sum = sum*31 + uint64(i)
		}
	}
	return sum
}

// slower is the sound at another pace: each new value from those around its place.
func slower(to, from []float64, filter *[64][taps]float64, pace float64) {
	for i := range to {
		at := float64(i) * pace
		k := int(at)
		phase := &filter[int((at-float64(k))*64)]
		v := 0.0
		for j, w := range phase {
			v += from[(k+j)%len(from)] * w
		}
		to[i] = v
	}
}

// Casts bells, strikes them, and hears at several paces whether they sound as they should.
func main() {
	r, t, b, e := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0), newEar()
	var filter [64][taps]float64
	for p := range filter {
		for j := range filter[p] {
			x := (float64(j-taps/2) - float64(p)/64) * 0.9
			filter[p][j] = 0.9
			if x != 0 {
				filter[p][j] = 0.9 * math.Sin(math.Pi*x) / (math.Pi * x) * (0.54 + 0.46*math.Cos(2*math.Pi*x/taps))
			}
		}
	}
	struck, heard := make([]float64, 24000), make([]float64, 16000)
	for !over() {
		clear(struck)
		for range 4 {
			pitch, fade := 0.01+r.Float64()/4, 1-r.Float64()/4000
			swing, with := complex(1, 0), cmplx.Rect(fade, 2*math.Pi*pitch)
			for i := range struck {
				struck[i] += imag(swing)
				swing *= with
			}
		}
		slower(heard, struck, &filter, 1+r.Float64()/3)
		clear(e.loud[:])
		for from := 0; from+window <= len(heard); from += window / 4 {
			e.hear(heard[from : from+window])
		}
		b.sum += e.tones() + t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
