package main

import "math/rand"

const across = 256

type leg struct{ guess, at int32 }

// open is where one could go on from, the most hopeful first.
type open []leg

func (o *open) push(l leg) {
	*o = append(*o, l)
	h, i := *o, len(*o)-1
	for i > 0 && h[(i-1)/2].guess > h[i].guess {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		i = (i - 1) / 2
	}
}

func (o *open) pop() leg {
	h := *o
	top := h[0]
	n := len(h) - 1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		k := 2*i + 1
		if k >= n {
			break
		}
		if k+1 < n && h[k+1].guess < h[k].guess {
			k++
		}
		if h[i].guess <= h[k].guess {
			break
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
	*o = h
	return top
}

type sea struct {
	deep [across * across]int32
	cost [across * across]int32
	ways open
}

func far(a, b int32) int32 {
	return max(a%across-b%across, b%across-a%across) + max(a/across-b/across, b/across-a/across)
}

func (s *sea) course(from, to int32) int32 {
	for i := range s.cost {
		s.cost[i] = 1 << 30
	}
	s.cost[from] = 0
	s.ways = s.ways[:0]
	s.ways.push(leg{far(from, to), from})
	for len(s.ways) > 0 {
		l := s.ways.pop()
		if l.at == to {
			return s.cost[to]
		}
		if l.guess > s.cost[l.at]+far(l.at, to) {
			continue
		}
		x := l.at % across
		for _, step := range [4]int32{-1, 1, -across, across} {
			next := l.at + step
			if next < 0 || next >= across*across || step == -1 && x == 0 || step == 1 && x == across-1 || s.deep[next] == 0 {
				continue
			}
			if cost := s.cost[l.at] + s.deep[next]; cost < s.cost[next] {
				s.cost[next] = cost
				s.ways.push(leg{cost + far(next, to), next})
			}
		}
	}
	return -1
}

// Finds courses through shallows, from port to port.
func main() {
	b, s, r := newTally(0), &sea{}, rand.New(rand.NewSource(cfg.Seed))
	for i := range s.deep {
		if r.Intn(4) > 0 {
			s.deep[i] = 1 + r.Int31n(5)
		}
	}
	for !over() {
		b.sum += uint64(s.course(r.Int31n(across*across), r.Int31n(across*across)) + 1)
		b.passes[0]++
	}
	finish(b, 1)
}
