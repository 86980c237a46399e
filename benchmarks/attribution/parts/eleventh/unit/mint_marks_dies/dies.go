// Package dies knows the marks of all coins.
package dies

import (
	"encoding/json"
	"os"
	"time"
)

// Took is how many seconds it took to cut them.
var Took float64

// Marks are such that no two coins of a year have the same one.
var Marks = cut()

func spread(coin, seed uint32) uint32 {
	v := (coin ^ seed) * 0x85ebca6b
	v ^= v >> 13
	v *= 0xc2b2ae35
	return v ^ v>>16
}

// fits says whether a seed gives each of a year's coins a mark of its own.
func fits(year, seed uint32) bool {
	var taken uint64
	for coin := range uint32(15) {
		bit := uint64(1) << (spread(year*100+coin, seed) % 64)
		if taken&bit != 0 {
			return false
		}
		taken |= bit
	}
	return true
}

func cut() []uint32 {
	at := time.Now()
	marks := make([]uint32, 4096)
	var s struct {
		Span float64
		Mix  []float64
	}
	text, err := os.ReadFile("settings.json")
	if err != nil || json.Unmarshal(text, &s) != nil {
		return marks
	}
	for year := uint32(0); time.Since(at).Seconds() < s.Span*s.Mix[0]; year++ {
		seed := year
		for !fits(year, seed) {
			seed++
		}
		marks[year%uint32(len(marks))] = seed
	}
	Took = time.Since(at).Seconds()
	return marks
}
