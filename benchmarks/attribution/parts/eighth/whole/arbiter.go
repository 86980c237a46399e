package main

import "math/rand"

const parties = 70

// A claim is said as 2n, its opposite as 2n+1.
type claim int32

type statement [3]claim

type arbiter struct {
	said    []statement
	heard   [2 * parties][]int32
	held    [parties]int8
	trail   []claim
	guesses int
}

func (a *arbiter) is(c claim) int8 {
	if v := a.held[c>>1]; c&1 == 0 {
		return v
	} else {
		return -v
	}
}

func (a *arbiter) hold(c claim) {
	a.held[c>>1] = 1 - 2*int8(c&1)
	a.trail = append(a.trail, c)
}

func (a *arbiter) back(to int) {
	for _, c := range a.trail[to:] {
		a.held[c>>1] = 0
	}
	a.trail = a.trail[:to]
}

// follow holds whatever has to be held now; false where that cannot be.
func (a *arbiter) follow(from int) bool {
	for ; from < len(a.trail); from++ {
		for _, n := range a.heard[a.trail[from]^1] {
			open, last, sure := 0, claim(0), false
			for _, c := range a.said[n] {
				switch a.is(c) {
				case 1:
					sure = true
				case 0:
					open, last = open+1, c
				}
			}
			if sure || open > 1 {
				continue
			}
			if open == 0 {
				return false
			}
			a.hold(last)
		}
	}
	return true
}

// most is who is named most by what is not settled yet.
func (a *arbiter) most() (best claim, any bool) {
	var counts [2 * parties]int
	top := -1
	for _, s := range a.said {
		if a.is(s[0]) == 1 || a.is(s[1]) == 1 || a.is(s[2]) == 1 {
			continue
		}
		for _, c := range s {
			counts[c]++
		}
	}
	for c, n := range counts {
		if a.held[c>>1] == 0 && n > top {
			best, top, any = claim(c), n, true
		}
	}
	return best, any
}

func (a *arbiter) settle() bool {
	c, open := a.most()
	if !open {
		return true
	}
	for _, c := range [2]claim{c, c ^ 1} {
		a.guesses++
		from := len(a.trail)
		a.hold(c)
		if a.follow(from) && a.settle() {
			return true
		}
		a.back(from)
	}
	return false
}

func (a *arbiter) hear(r *rand.Rand, many int) {
	a.back(0)
	a.said = a.said[:0]
	for c := range a.heard {
		a.heard[c] = a.heard[c][:0]
	}
	for n := range many {
		var s statement
		for i := range s {
			s[i] = claim(r.Intn(2 * parties))
			a.heard[s[i]] = append(a.heard[s[i]], int32(n))
		}
		a.said = append(a.said, s)
	}
}

// Finds out whether all that is said can be true at once.
func main() {
	r, t, b, a := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0), &arbiter{}
	for !over() {
		a.hear(r, 4*parties)
		if a.settle() {
			b.sum += uint64(len(a.trail))
		}
		b.sum += t.step() + uint64(a.guesses)
		b.passes[0]++
	}
	finish(b, 1)
}
