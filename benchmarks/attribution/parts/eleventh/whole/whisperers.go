package main

import (
	"math/bits"
	"math/rand"
)

const (
	ears   = 64
	letter = 4000
)

// whisper is what is said, in two signs for each bit, and what is heard of it.
type whisper struct {
	said, found [letter]byte
	heard       [letter][2]byte
	from        [letter][ears]byte
	cost, next  [ears]int32
	signs       [2 * ears][2]byte
}

func newWhisper() *whisper {
	w := &whisper{}
	for s := range w.signs {
		w.signs[s] = [2]byte{byte(bits.OnesCount(uint(s)&0o171) & 1), byte(bits.OnesCount(uint(s)&0o133) & 1)}
	}
	return w
}

func (w *whisper) say(r *rand.Rand) {
	state := 0
	for i := range w.said {
		w.said[i] = byte(r.Intn(2))
		if i >= letter-6 {
			w.said[i] = 0
		}
		state = state<<1&(2*ears-1) | int(w.said[i])
		for k, sign := range w.signs[state] {
			if r.Intn(25) == 0 {
				sign ^= 1
			}
			w.heard[i][k] = sign
		}
		state &= ears - 1
	}
}

func (w *whisper) guess() {
	for s := range w.cost {
		w.cost[s] = 1 << 20
	}
	w.cost[0] = 0
	for i, heard := range w.heard {
		for s := range ears {
			best, by := int32(1<<30), byte(0)
			for high := range 2 {
				before := s>>1 | high<<5
				sign := w.signs[before<<1|s&1]
				if c := w.cost[before] + int32(sign[0]^heard[0]) + int32(sign[1]^heard[1]); c < best {
					best, by = c, byte(before)
				}
			}
			w.next[s], w.from[i][s] = best, by
		}
		w.cost, w.next = w.next, w.cost
	}
	for i, s := letter-1, byte(0); i >= 0; i-- {
		w.found[i] = s & 1
		s = w.from[i][s]
	}
}

// Whispers letters, and guesses from what was heard what was said.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for w := newWhisper(); !over(); b.passes[0]++ {
		w.say(r)
		w.guess()
		for i := range w.said {
			b.sum += uint64(w.said[i] ^ w.found[i])
		}
		b.sum += t.step() << 20
	}
	finish(b, 1)
}
