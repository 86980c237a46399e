// Package seals knows the seals of the house, which are cut anew each time.
package seals

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/json"
	"os"
	"strconv"
	"time"
)

// Took is how many seconds that took.
var Took float64

// All of them, by their names.
var All = cut("of the house", "of the yard", "of the mill")

func cut(names ...string) map[string][]byte {
	at := time.Now()
	var s struct {
		Span float64
		Mix  []float64
	}
	text, err := os.ReadFile("settings.json")
	if err != nil || json.Unmarshal(text, &s) != nil {
		return nil
	}
	all := map[string][]byte{}
	for n := 0; time.Since(at).Seconds() < s.Span*s.Mix[0]; n++ {
		name := names[n%len(names)] + strconv.Itoa(n)
		if all[name], err = pbkdf2.Key(sha512.New, name, []byte("salt"), 1500, 64); err != nil {
			return nil
		}
	}
	Took = time.Since(at).Seconds()
	return all
}
