package main

import "sync"

const wide = 160

type square [wide][wide]float64

func (c *square) product(a, b *square, from, to int) {
	for i := from; i < to; i++ {
		for j := range wide {
			sum := 0.0
			for k := range wide {
				sum += a[i][k] * b[k][j]
			}
			c[i][j] = sum / wide
		}
	}
}

// Multiplies squares, the upper and the lower half beside each other.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var x, y, z square
	for i := range wide {
		for j := range wide {
			x[i][j], y[i][j] = float64(i^j), float64(i*j%17)
		}
	}
	for !over() {
		var half sync.WaitGroup
		half.Go(func() { z.product(&x, &y, 0, wide/2) })
		z.product(&x, &y, wide/2, wide)
		half.Wait()
		x, z = z, x
		x[0][b.passes[0]%wide] += 1
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 2)
}
