package main

type room interface{ see(v visitor) }

type visitor interface {
	hall(h *hall)
	closet(c *closet)
}

type (
	hall   struct{ doors []room }
	closet struct{ shelves int }
)

func (h *hall) see(v visitor)   { v.hall(h) }
func (c *closet) see(v visitor) { v.closet(c) }

type guest struct {
	t     *task
	parts []part
	b     *tally
}

func (g *guest) hall(h *hall) {
	for _, d := range h.doors {
		if !over() {
			d.see(g)
		}
	}
}

func (g *guest) closet(c *closet) {
	g.b.turn(g.t, g.parts)
	g.b.sum += uint64(c.shelves)
}

func house(deep int) room {
	if deep == 0 {
		return &closet{shelves: 3}
	}
	return &hall{[]room{house(deep - 1), &closet{deep}, house(deep - 1)}}
}

// Walks through a house room by room, again and again.
func main() {
	g := &guest{t: newTask(cfg.Seed), parts: newParts()}
	g.b = newTally(len(g.parts))
	for all := house(4); !over(); {
		all.see(g)
	}
	for _, p := range g.parts {
		p.end()
	}
	finish(g.b, 1)
}
