package main

import (
	"index/suffixarray"
	"math/rand"
)

// Keeps an index of a book, and says where a word stands.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	r := rand.New(rand.NewSource(cfg.Seed))
	words := []string{"light", "water", "stone", "garden", "evening", "house", "street", "window", "bread", "winter"}
	var book []byte
	for len(book) < 40<<10 {
		book = append(append(book, words[r.Intn(len(words))]...), ' ')
	}
	for !over() {
		book[r.Intn(len(book))] ^= 1
		index := suffixarray.New(book)
		for i, word := range words {
			for _, at := range index.Lookup([]byte(word+" "+words[(i+3)%len(words)]), 12) {
				b.sum += uint64(at)
			}
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
