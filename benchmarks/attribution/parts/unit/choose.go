package main

import "time"

// Two who look for the same thing; the first answer counts.
type unit struct {
	a, b chan int
	ask  [2]chan int
	sum  int
}

func newUnit() *unit {
	u := &unit{a: make(chan int, 1), b: make(chan int, 1)}
	for i := range u.ask {
		u.ask[i] = make(chan int, 1)
		go u.look(u.ask[i], []chan int{u.a, u.b}[i], time.Duration(9+8*i)*time.Millisecond)
	}
	return u
}

func (u *unit) look(ask <-chan int, answer chan<- int, takes time.Duration) {
	for n := range ask {
		time.Sleep(takes)
		answer <- n + 1
	}
}

func (u *unit) pass() {
	u.ask[0] <- u.sum & 255
	u.ask[1] <- u.sum & 127
	for range 2 {
		select {
		case v := <-u.a:
			u.sum += v
		case v := <-u.b:
			u.sum -= v
		}
	}
}

func (u *unit) end() { close(u.ask[0]); close(u.ask[1]) }
