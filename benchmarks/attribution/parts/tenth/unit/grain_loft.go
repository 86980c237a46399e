package main

import (
	"net/rpc"
	"sync"
)

const roomFor = 3

// A loft has room for so many sacks; who carries them down asks the miller about each.
type unit struct {
	mu     sync.Mutex
	space  sync.Cond
	filled sync.Cond
	sacks  []int
	closed bool
	miller *rpc.Client
	gone   sync.WaitGroup
	n, sum int
}

func newUnit() *unit {
	miller, err := rpc.Dial("tcp", cfg.Hosts[16])
	check(err)
	u := &unit{miller: miller}
	u.space.L, u.filled.L = &u.mu, &u.mu
	u.gone.Go(u.carry)
	return u
}

func (u *unit) carry() {
	for {
		u.mu.Lock()
		for len(u.sacks) == 0 && !u.closed {
			u.filled.Wait()
		}
		if u.closed {
			u.mu.Unlock()
			return
		}
		sack := u.sacks[0]
		u.mu.Unlock()
		var price int
		check(u.miller.Call("Clerk.Find", sack, &price))
		u.mu.Lock()
		u.sum += price
		u.sacks = append(u.sacks[:0], u.sacks[1:]...)
		u.space.Signal()
		u.mu.Unlock()
	}
}

func (u *unit) pass() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.sacks) == roomFor {
		u.space.Wait()
	}
	u.n++
	u.sacks = append(u.sacks, u.n)
	u.filled.Signal()
}

func (u *unit) end() {
	u.mu.Lock()
	u.closed = true
	u.filled.Broadcast()
	u.mu.Unlock()
	u.gone.Wait()
	u.miller.Close()
}
