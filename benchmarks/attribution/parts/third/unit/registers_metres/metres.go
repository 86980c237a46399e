// Package metres knows the feet of verses.
package metres

import (
	"encoding/json"
	"os"
	"strings"
	"time"
)

// Took is how many seconds it took to learn them.
var Took float64

// All of them, by their number.
var All = map[int]string{}

func share() float64 {
	var s struct {
		Span float64
		Mix  []float64
	}
	text, _ := os.ReadFile("settings.json")
	json.Unmarshal(text, &s)
	return s.Span * s.Mix[0] / 3
}

func init() {
	at, most := time.Now(), share()
	for n := 0; time.Since(at).Seconds() < most; n++ {
		All[n%500] = strings.ToUpper(strings.Repeat("-u", n%800) + strings.Repeat("u-u", 300))[:40]
	}
	Took = time.Since(at).Seconds()
}
