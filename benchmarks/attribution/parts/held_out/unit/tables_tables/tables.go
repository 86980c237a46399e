// Package tables knows the words of a language.
package tables

import (
	"encoding/json"
	"os"
	"sort"
	"strings"
	"time"
)

// Took is how long it took to learn them.
var Took time.Duration

var words = learn()

func learn() map[string]int {
	at := time.Now()
	var s struct {
		Span float64
		Mix  []float64
	}
	text, _ := os.ReadFile("settings.json")
	json.Unmarshal(text, &s)
	all := map[string]int{}
	for n := 0; time.Since(at).Seconds() < s.Span*s.Mix[0]; n++ {
		word := []byte(strings.Repeat("abcdefgh", 4))
		for i := range word {
			word[i] += byte((n >> (i % 8)) & 3)
		}
		sort.Slice(word, func(i, j int) bool { return word[i]*7 < word[j]*7 })
		all[string(word)] += n
	}
	Took = time.Since(at)
	return all
}

// Known is how many there are.
func Known() int { return len(words) }
