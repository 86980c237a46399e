package main

import (
	"hash/maphash"
	"math/rand"
	"strings"
	"sync"
)

var grain = maphash.MakeSeed()

type sheaf map[string]int

// mapped counts the words of a piece, apart by who is to add them up.
func mapped(piece string, to []sheaf) {
	for word := range strings.FieldsSeq(piece) {
		to[maphash.String(grain, word)%uint64(len(to))][word]++
	}
}

func reduced(parts []sheaf, to sheaf) {
	for _, one := range parts {
		for word, n := range one {
			to[word] += n
		}
	}
}

// Two gather, each its own part of the field, and two add up.
func main() {
	b := newTally(0)
	r := rand.New(rand.NewSource(cfg.Seed))
	var halves [2]strings.Builder
	for i := range halves {
		for range 60000 {
			halves[i].WriteByte(byte('a' + r.Intn(26)))
			halves[i].WriteByte(byte('a' + r.Intn(20)))
			halves[i].WriteByte(' ')
		}
	}
	tasks := []*task{newTask(cfg.Seed), newTask(cfg.Seed + 1)}
	own := []*tally{newTally(0), newTally(0)}
	parts := [2][]sheaf{{{}, {}}, {{}, {}}}
	totals := []sheaf{{}, {}}
	for !over() {
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				clear(parts[i][0])
				clear(parts[i][1])
				for range 8 {
					mapped(halves[i].String(), parts[i])
				}
				own[i].sum += tasks[i].step()
			})
		}
		all.Wait()
		for i := range 2 {
			all.Go(func() {
				clear(totals[i])
				reduced([]sheaf{parts[0][i], parts[1][i]}, totals[i])
				own[i].passes[0]++
			})
		}
		all.Wait()
		b.sum += uint64(totals[0]["ab"] + totals[1]["ab"])
	}
	b.add(own[0])
	b.add(own[1])
	finish(b, 2)
}
