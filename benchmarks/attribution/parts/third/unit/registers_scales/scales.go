// Package scales knows the steps of scales.
package scales

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
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
		All[n%500] = strconv.FormatFloat(math.Pow(2, float64(n%1200)/1200)*440, 0x66, 60, 64)[:12]
	}
	Took = time.Since(at).Seconds()
}
