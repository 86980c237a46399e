// Package lemmas knows which words are near each other.
package lemmas

import (
	"encoding/json"
	"os"
	"time"
)

var (
	// Took is how many seconds it took to find that out.
	Took float64
	// Near says how many words are near a word.
	Near = map[string]int{}
)

func init() {
	at := time.Now()
	var s struct {
		Span float64
		Mix  []float64
	}
	text, err := os.ReadFile("settings.json")
	if err != nil || json.Unmarshal(text, &s) != nil {
		return
	}
	words := list()
	for i := 0; time.Since(at).Seconds() < s.Span*s.Mix[0]; i++ {
		word := words[i%len(words)]
		Near[word] = 0
		for _, other := range words {
			if apart(word, other) < 3 {
				Near[word]++
			}
		}
	}
	Took = time.Since(at).Seconds()
}

func list() (words []string) {
	for _, a := range []string{"ba", "con", "dis", "per", "in", "re", "trans"} {
		for _, b := range []string{"form", "port", "tend", "duct", "vert", "sist"} {
			for _, c := range []string{"", "ing", "ed", "ation", "er"} {
				words = append(words, a+b+c)
			}
		}
	}
	return words
}

// apart is how many letters have to be changed to make one word of another.
func apart(a, b string) int {
	var row [32]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			here := row[j+1]
			if a[i] != b[j] {
				before = 1 + min(before, here, row[j])
			}
			row[j+1], before = before, here
		}
	}
	return row[len(b)]
}
