package main

import "sync/atomic"

type lodger struct {
	leaving atomic.Bool
	gone    chan struct{}
	b       *tally
}

func (l *lodger) live() {
	defer close(l.gone)
	t, parts := newTask(cfg.Seed), newParts()
	l.b = newTally(len(parts))
	for !l.leaving.Load() {
		l.b.turn(t, parts)
		if over() {
			l.leaving.Store(true)
		}
	}
	for _, p := range parts {
		p.end()
	}
}

// Has a lodger, and locks up when he is gone.
func main() {
	l := &lodger{gone: make(chan struct{})}
	go l.live()
	<-l.gone
	finish(l.b, 1)
}
