package main

import (
	"math"
	"math/cmplx"
)

// waves takes a row of numbers apart into waves, in place; there are a power of two of them.
func waves(a []complex128) {
	n := len(a)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		w := cmplx.Rect(1, -2*math.Pi/float64(size))
		for at := 0; at < n; at += size {
			f := complex(1, 0)
			for k := at; k < at+size/2; k++ {
				u, v := a[k], a[k+size/2]*f
				a[k], a[k+size/2] = u+v, u-v
				f *= w
			}
		}
	}
}

// Looks at ripples.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	row := make([]complex128, 1<<13)
	for !over() {
		x := t.step()
		for i := range row {
			row[i] = complex(math.Sin(float64(i)*float64(x%97)), 0)
		}
		waves(row)
		b.sum += uint64(cmplx.Abs(row[len(row)/3]))
		b.passes[0]++
	}
	finish(b, 1)
}
