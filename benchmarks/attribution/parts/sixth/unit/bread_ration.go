package main

import (
	"sync"
	"time"
)

// ration is what there is of something; who wants more than is left waits for others to bring some back.
type ration struct {
	mu   sync.Mutex
	back *sync.Cond
	left int
}

func rationOf(n int) *ration {
	r := &ration{left: n}
	r.back = sync.NewCond(&r.mu)
	return r
}

func (r *ration) take(n int) {
	r.mu.Lock()
	for r.left < n {
		r.back.Wait()
	}
	r.left -= n
	r.mu.Unlock()
}

func (r *ration) give(n int) {
	r.mu.Lock()
	r.left += n
	r.mu.Unlock()
	r.back.Broadcast()
}

type unit struct {
	r      *ration
	others chan int
	took   chan bool
	eaten  int
}

func newUnit() *unit {
	u := &unit{r: rationOf(10), others: make(chan int), took: make(chan bool)}
	for range 3 {
		go func() {
			for n := range u.others {
				u.r.take(n)
				u.took <- true
				time.Sleep(6 * time.Millisecond)
				u.r.give(n)
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	for range 3 {
		u.others <- 3
		<-u.took
	}
	u.r.take(4)
	u.eaten += 4
	u.r.give(4)
}

func (u *unit) end() { close(u.others) }
