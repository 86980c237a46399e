package main

import "math/bits"

const (
	hillRows  = 512
	hillWords = 8
)

type hill [hillRows][hillWords]uint64

// grown is what lives next: by three about it, or by two if it did live.
func (h *hill) grown(to *hill) (alive int) {
	for y := range hillRows {
		for x := range hillWords {
			var ones, twos, fours uint64
			count := func(v uint64) {
				c := ones & v
				ones ^= v
				c, twos = twos&c, twos^c
				fours |= c
			}
			for _, dy := range []int{hillRows - 1, 0, 1} {
				row := &h[(y+dy)%hillRows]
				here := row[x]
				if dy != 0 {
					count(here)
				}
				count(here<<1 | row[(x+hillWords-1)%hillWords]>>63)
				count(here>>1 | row[(x+1)%hillWords]<<63)
			}
			to[y][x] = twos &^ fours & (ones | h[y][x])
			alive += bits.OnesCount64(to[y][x])
		}
	}
	return alive
}

// Lets a hill grow.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	now, then := &hill{}, &hill{}
	for y := range now {
		for x := range now[y] {
			now[y][x] = t.step()*0x9e3779b97f4a7c15 ^ uint64(y*x)*0xd1342543de82ef95
			if y > 3 {
				now[y][x] ^= now[y-1][x]*0x9e3779b97f4a7c15 + 7
				continue
			}
		}
		if y == 16 {
			break
		}
	}
	for !over() {
		for range 16 {
			b.sum += uint64(now.grown(then))
			now, then = then, now
		}
		b.passes[0]++
	}
	finish(b, 1)
}
