package main

import (
	"reflect"
	"time"
)

// Many bells, of which any may ring; who rings them rests in between.
type unit struct {
	ropes []chan int
	cases []reflect.SelectCase
	rung  [5]int
}

func newUnit() *unit {
	u := &unit{ropes: make([]chan int, 5)}
	for i := range u.ropes {
		bell := make(chan int)
		u.ropes[i] = make(chan int, 1)
		u.cases = append(u.cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(bell)})
		go func() {
			for n := range u.ropes[i] {
				time.Sleep(time.Duration(5+n%4) * time.Millisecond)
				bell <- n
			}
		}()
	}
	return u
}

func (u *unit) pass() {
	at := (u.rung[0] + u.rung[3]) % 5
	u.ropes[at] <- u.rung[at]
	chosen, value, _ := reflect.Select(u.cases)
	u.rung[chosen] += 1 + int(value.Int())&1
}

func (u *unit) end() {
	for _, rope := range u.ropes {
		close(rope)
	}
}
