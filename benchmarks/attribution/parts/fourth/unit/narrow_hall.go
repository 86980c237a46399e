package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
)

// hall holds but a few at a time.
type hall[T any] struct {
	mu      sync.Mutex
	in, out *sync.Cond
	waiting []T
	most    int
}

func newHall[T any](most int) *hall[T] {
	h := &hall[T]{most: most}
	h.in, h.out = sync.NewCond(&h.mu), sync.NewCond(&h.mu)
	return h
}

func (h *hall[T]) enter(one T) {
	h.mu.Lock()
	for len(h.waiting) == h.most {
		h.in.Wait()
	}
	h.waiting = append(h.waiting, one)
	h.mu.Unlock()
	h.out.Signal()
}

func (h *hall[T]) next() (one T) {
	h.mu.Lock()
	for len(h.waiting) == 0 {
		h.out.Wait()
	}
	one, h.waiting = h.waiting[0], h.waiting[1:]
	h.mu.Unlock()
	h.in.Signal()
	return one
}

// Who comes has to wait in a hall until somebody elsewhere has heard about those before him.
type unit struct {
	hall *hall[int]
	n    int
}

func newUnit() *unit {
	conn, err := net.Dial("tcp", cfg.Hosts[4])
	check(err)
	u := &unit{hall: newHall[int](2)}
	go func() {
		defer conn.Close()
		for r := bufio.NewReader(conn); ; {
			n := u.hall.next()
			if n < 0 {
				return
			}
			fmt.Fprintln(conn, "here is", n)
			_, err := r.ReadString('\n')
			check(err)
		}
	}()
	return u
}

func (u *unit) pass() {
	u.n++
	u.hall.enter(u.n)
}

func (u *unit) end() { u.hall.enter(-1) }
