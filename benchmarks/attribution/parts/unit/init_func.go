package main

import "time"

var primes []uint32

// The primes are found once, before all else.
func init() {
	at := time.Now()
	for n := uint32(2); time.Since(at).Seconds() < cfg.Mix[0]*cfg.Span; n++ {
		fresh := true
		for _, p := range primes {
			if p*p > n {
				break
			}
			if n%p == 0 {
				fresh = false
				break
			}
		}
		if fresh {
			primes = append(primes, n)
		}
	}
	early = time.Since(at).Seconds()
}

type unit struct{ n uint32 }

func newUnit() *unit { return &unit{primes[len(primes)-1]} }

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
