package main

import (
	"compress/lzw"
	"hash/crc32"
	"math/rand"
	"sync"
	"sync/atomic"
)

const (
	wide, high   = 800, 600
	by           = 5
	small, lower = wide / by, high / by
)

type hue [3]int16

// painter has all the room that he needs for a picture.
type painter struct {
	t       *task
	b       *tally
	picture [high][wide][3]uint8
	little  [lower][small]hue
	palette [64]hue
	dots    [lower * small]byte
	out     counted
	packed  *lzw.Writer
}

type counted struct {
	crc  uint32
	size int
}

func (c *counted) Write(p []byte) (int, error) {
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p)
	c.size += len(p)
	return len(p), nil
}

func (p *painter) paint(n int64) {
	r := rand.New(rand.NewSource(n))
	a, c := r.Intn(97)+3, r.Intn(89)+2
	for y := range p.picture {
		for x := range p.picture[y] {
			v := x*a + y*c
			p.picture[y][x] = [3]uint8{uint8(v >> 5), uint8((v ^ x*y) >> 6), uint8(v>>7 + y)}
		}
	}
	for i := range p.palette {
		p.palette[i] = hue{int16(i&3) * 85, int16(i>>2&3) * 85, int16(i>>4&3) * 85}
	}
}

func (p *painter) shrink() {
	for y := range p.little {
		for x := range p.little[y] {
			var sum [3]int
			for dy := range by {
				for dx := range by {
					at := &p.picture[y*by+dy][x*by+dx]
					for k := range sum {
						sum[k] += int(at[k])
					}
				}
			}
			for k := range sum {
				p.little[y][x][k] = int16(sum[k] / by / by)
			}
		}
	}
}

// spread gives what a dot is wrong by to those that come after it.
func (p *painter) spread(y, x int, wrong hue, part int16) {
	if y < lower && x >= 0 && x < small {
		for k := range wrong {
			p.little[y][x][k] += wrong[k] * part / 16
		}
	}
}

func (p *painter) dot() {
	for y := range p.little {
		for x, is := range p.little[y] {
			best, least := 0, 1<<30
			for i, h := range p.palette {
				d := 0
				for k := range h {
					d += int(is[k]-h[k]) * int(is[k]-h[k])
				}
				if d < least {
					best, least = i, d
				}
			}
			p.dots[y*small+x] = byte(best)
			var wrong hue
			for k := range wrong {
				wrong[k] = is[k] - p.palette[best][k]
			}
			p.spread(y, x+1, wrong, 7)
			p.spread(y+1, x-1, wrong, 3)
			p.spread(y+1, x, wrong, 5)
			p.spread(y+1, x+1, wrong, 1)
		}
	}
}

func (p *painter) work(n int64) {
	p.paint(n)
	p.shrink()
	p.dot()
	p.packed.Reset(&p.out, lzw.LSB, 8)
	p.packed.Write(p.dots[:])
	p.packed.Close()
	p.b.sum += uint64(p.out.crc) + p.t.step()
	p.b.passes[0]++
}

// Two paint miniatures of large pictures, each taking the next one when he is done with his.
func main() {
	var all sync.WaitGroup
	var next atomic.Int64
	two := [2]*painter{}
	for i := range two {
		p := &painter{t: newTask(cfg.Seed), b: newTally(0)}
		p.packed = lzw.NewWriter(&p.out, lzw.LSB, 8).(*lzw.Writer)
		two[i] = p
		all.Go(func() {
			for !over() {
				p.work(next.Add(1))
			}
		})
	}
	all.Wait()
	two[0].b.add(two[1].b)
	finish(two[0].b, 2)
}
