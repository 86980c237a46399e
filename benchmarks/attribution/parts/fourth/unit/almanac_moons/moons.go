// Package moons knows when the moon is full.
package moons

import (
	"encoding/json"
	"math"
	"os"
	"time"
)

// Took is how many seconds it took to work that out.
var Took float64

// All of them, by their day.
var All = map[int]float64{}

// Half is the part of the time that this package takes.
func Half() float64 {
	var s struct {
		Span float64
		Mix  []float64
	}
	text, _ := os.ReadFile("settings.json")
	json.Unmarshal(text, &s)
	return s.Span * s.Mix[0] / 2
}

func phase(day float64) (p float64) {
	for k := range 60 {
		p += math.Sin(day/29.530588+float64(k)) / float64(k+1)
	}
	return p
}

func init() {
	at, most := time.Now(), Half()
	for n := 0; time.Since(at).Seconds() < most; n++ {
		for range 20 {
			All[n%3000] += phase(float64(n))
		}
	}
	Took = time.Since(at).Seconds()
}
