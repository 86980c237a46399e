// Package charts knows where the planets stand, day by day.
package charts

import (
	"encoding/json"
	"math"
	"os"
	"time"
)

type orbit struct{ far, flat, days, start float64 }

var orbits = []orbit{{0.39, 0.206, 87.97, 1.2}, {0.72, 0.007, 224.7, 0.4}, {1, 0.017, 365.26, 3.1}, {1.52, 0.093, 686.98, 5}, {5.2, 0.048, 4332.6, 2.2}}

var (
	// Took is how many seconds it took to find that out.
	Took float64
	// Stands says in which of so many parts of the sky each of them stands on a day.
	Stands = make([][5]uint16, 20000)
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
	for day := 0; time.Since(at).Seconds() < s.Span*s.Mix[0]; day++ {
		for i, o := range orbits {
			angle := o.at(float64(day))
			Stands[day%len(Stands)][i] = uint16(angle / (2 * math.Pi) * 3600)
		}
	}
	Took = time.Since(at).Seconds()
}

// at is where it stands as seen from the middle, between 0 and a full turn.
func (o orbit) at(day float64) float64 {
	mean := math.Mod(o.start+2*math.Pi*day/o.days, 2*math.Pi)
	e := mean
	for range 12 {
		e -= (e - o.flat*math.Sin(e) - mean) / (1 - o.flat*math.Cos(e))
	}
	angle := 2 * math.Atan2(math.Sqrt(1+o.flat)*math.Sin(e/2), math.Sqrt(1-o.flat)*math.Cos(e/2))
	return math.Mod(angle+2*math.Pi, 2*math.Pi)
}
