package main

import (
	"image"
	"image/color"
	"sync"
	"sync/atomic"
)

type pane struct{ from, to *image.Gray }

// row makes a row of the new picture: where the old one changes, it is bright.
func (p *pane) row(y int) (sum uint64) {
	w := p.from.Stride
	up, here, down := p.from.Pix[(y-1)*w:], p.from.Pix[y*w:], p.from.Pix[(y+1)*w:]
	out := p.to.Pix[y*w:]
	for x := 1; x < w-1; x++ {
		gx := int(up[x+1]) + 2*int(here[x+1]) + int(down[x+1]) - int(up[x-1]) - 2*int(here[x-1]) - int(down[x-1])
		gy := int(down[x-1]) + 2*int(down[x]) + int(down[x+1]) - int(up[x-1]) - 2*int(up[x]) - int(up[x+1])
		out[x] = uint8(min(255, max(gx, -gx)+max(gy, -gy)))
		sum += uint64(out[x])
	}
	return sum
}

// Two work at panes, each at the strip that is next.
func main() {
	b := newTally(0)
	own := []*tally{newTally(0), newTally(0)}
	tasks := []*task{newTask(cfg.Seed), newTask(cfg.Seed + 1)}
	p := &pane{image.NewGray(image.Rect(0, 0, 3000, 2000)), image.NewGray(image.Rect(0, 0, 3000, 2000))}
	for y := range 2000 {
		for x := range 3000 {
			p.from.SetGray(x, y, color.Gray{uint8(x*y>>7 ^ x)})
		}
	}
	for !over() {
		var at atomic.Int64
		var both sync.WaitGroup
		for i := range own {
			both.Go(func() {
				for strip := int(at.Add(1)); strip <= 125 && !over(); strip = int(at.Add(1)) {
					for y := max(1, strip*16-16); y < min(1999, strip*16); y++ {
						own[i].sum += p.row(y)
					}
					own[i].sum += tasks[i].step()
					own[i].passes[0]++
				}
			})
		}
		both.Wait()
		p.from, p.to = p.to, p.from
	}
	b.add(own[0])
	b.add(own[1])
	finish(b, 2)
}
