package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type (
	warmth struct {
		from    string
		degrees int
	}
	stoke   struct{ more int }
	howWarm struct{ reply chan<- int }
)

// soul does one thing after the other, as it is told to; should it stumble, it goes on with the next.
type soul struct {
	name string
	post chan any
	hear func(s *soul, what any)
}

func (s *soul) live(ctx context.Context, every time.Duration) {
	var clock <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		clock = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case what := <-s.post:
			s.safely(what)
		case at := <-clock:
			s.safely(at)
		}
	}
}

func (s *soul) safely(what any) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Println(s.name, "stumbled:", v)
		}
	}()
	s.hear(s, what)
}

func (s *soul) tell(what any) bool {
	select {
	case s.post <- what:
		return true
	default:
		return false // is written off
	}
}

type room struct {
	degrees int
	t       *task
	matron  *soul
}

func (r *room) hear(s *soul, what any) {
	switch what := what.(type) {
	case time.Time:
		r.degrees += int(r.t.step()%5) - 2
		r.matron.tell(warmth{s.name, r.degrees})
	case stoke:
		r.degrees += what.more
	case howWarm:
		what.reply <- r.degrees
	}
}

// Many live in a house, and one looks after them.
func main() {
	ctx, night := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer night()
	b, t, house := newTally(0), newTask(cfg.Seed), map[string]*soul{}
	var all sync.WaitGroup
	matron := &soul{name: "matron", post: make(chan any, 32)}
	matron.hear = func(_ *soul, what any) {
		switch what := what.(type) {
		case warmth:
			b.passes[0]++
			if what.degrees < -3 {
				house[what.from].tell(stoke{6})
			}
		case time.Time:
			reply := make(chan int, 1)
			if house["room 3"].tell(howWarm{reply}) {
				b.sum += t.step() + t.step() + uint64(<-reply)
			}
		}
	}
	for i := range 12 {
		r := &room{t: newTask(cfg.Seed + int64(i)), matron: matron}
		s := &soul{fmt.Sprint("room ", i), make(chan any, 8), r.hear}
		house[s.name] = s
	}
	for i := range 12 {
		all.Go(func() { house[fmt.Sprint("room ", i)].live(ctx, time.Duration(60+7*i)*time.Millisecond) })
	}
	all.Go(func() { matron.live(ctx, 90*time.Millisecond) })
	all.Wait()
	finish(b, 1)
}
