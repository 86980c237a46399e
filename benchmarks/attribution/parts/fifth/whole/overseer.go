package main

import (
	"errors"
	"fmt"
)

var errTired = errors.New("tired")

type report struct {
	who int
	own *tally
	err error
}

func labour(who int, done chan<- report) {
	r := report{who: who, own: newTally(0)}
	defer func() {
		if v := recover(); v != nil {
			r.err = fmt.Errorf("%d: %w", who, v.(error))
		}
		done <- r
	}()
	for t := newTask(cfg.Seed + int64(who)); !over(); {
		r.own.sum += t.step()
		r.own.passes[0]++
		if r.own.passes[0] == 400 {
			panic(errTired)
		}
	}
}

// Has two at work, and calls another when one is tired.
func main() {
	b, done := newTally(0), make(chan report)
	hands := 0
	for ; hands < 2; hands++ {
		go labour(hands, done)
	}
	for at := 2; at > 0; {
		r := <-done
		b.add(r.own)
		if errors.Is(r.err, errTired) {
			go labour(hands, done)
			hands++
			continue
		}
		at--
	}
	finish(b, 2)
}
