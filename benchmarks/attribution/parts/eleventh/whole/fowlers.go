package main

import "math/rand"

const flock = 8192

type bird [3]float32

// roost is a tree of birds: the middle of each stretch divides the rest of it.
type roost struct {
	birds [flock]bird
	best  float32
	at    int
}

func (r *roost) build(from, to, axis int) {
	if to-from < 2 {
		return
	}
	mid, low, high := (from+to)/2, from, to-1
	for low < high {
		pivot := r.birds[(low+high)/2][axis]
		i, k := low, high
		for i <= k {
			for r.birds[i][axis] < pivot {
				i++
			}
			for r.birds[k][axis] > pivot {
				k--
			}
			if i <= k {
				r.birds[i], r.birds[k] = r.birds[k], r.birds[i]
				i++
				k--
			}
		}
		if mid <= k {
			high = k
		} else if mid >= i {
			low = i
		} else {
			break
		}
	}
	r.build(from, mid, (axis+1)%3)
	r.build(mid+1, to, (axis+1)%3)
}

func (r *roost) near(to *bird, from, end, axis int) {
	if from >= end {
		return
	}
	mid := (from + end) / 2
	b := &r.birds[mid]
	x, y, z := b[0]-to[0], b[1]-to[1], b[2]-to[2]
	if d := x*x + y*y + z*z; d < r.best {
		r.best, r.at = d, mid
	}
	off, next := to[axis]-b[axis], (axis+1)%3
	if off < 0 {
		r.near(to, from, mid, next)
		if off*off < r.best {
			r.near(to, mid+1, end, next)
		}
	} else {
		r.near(to, mid+1, end, next)
		if off*off < r.best {
			r.near(to, from, mid, next)
		}
	}
}

// Looks which bird of a flock is nearest, from many places; then the flock flies up and settles elsewhere.
func main() {
	chance, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for r := (&roost{}); !over(); b.passes[0]++ {
		for i := range r.birds {
			r.birds[i] = bird{chance.Float32(), chance.Float32(), chance.Float32()}
		}
		r.build(0, flock, 0)
		for range 4000 {
			to := bird{chance.Float32(), chance.Float32(), chance.Float32()}
			r.best, r.at = 10, 0
			r.near(&to, 0, flock, 0)
			b.sum += uint64(r.at)
		}
		b.sum += t.step()
	}
	finish(b, 1)
}
