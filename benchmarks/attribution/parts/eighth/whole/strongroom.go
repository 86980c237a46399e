package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"sync"
)

type lock struct {
	word string
	salt [16]byte
}

type bolt struct {
	n   int
	key []byte
}

func forge(locks <-chan lock, bolts chan<- bolt, seed int64) *tally {
	t, b := newTask(seed), newTally(0)
	for l := range locks {
		key, err := pbkdf2.Key(sha256.New, l.word, l.salt[:], 6000, 32)
		check(err)
		again, err := pbkdf2.Key(sha256.New, l.word, l.salt[:], 6000, 32)
		check(err)
		b.sum += t.step() + uint64(subtle.ConstantTimeCompare(key, again))
		b.passes[0]++
		bolts <- bolt{len(l.word), key}
	}
	return b
}

// Makes bolts that take long to break; two forges, and always a few locks ahead.
func main() {
	locks, bolts := make(chan lock, 4), make(chan bolt, 4)
	own, all := make([]*tally, 2), sync.WaitGroup{}
	for i := range own {
		all.Go(func() { own[i] = forge(locks, bolts, cfg.Seed+int64(i)) })
	}
	go func() {
		for n := uint64(0); !over(); n++ {
			l := lock{word: "open, sesame, and quickly"[:8+n%17]}
			binary.BigEndian.PutUint64(l.salt[:], n)
			locks <- l
		}
		close(locks)
		all.Wait()
		close(bolts)
	}()
	sum := uint64(0)
	for l := range bolts {
		sum ^= binary.BigEndian.Uint64(l.key) + uint64(l.n)
	}
	own[0].add(own[1])
	own[0].sum ^= sum
	finish(own[0], 2)
}
