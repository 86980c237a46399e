// Package rules knows what holds in this house; it is told elsewhere.
package rules

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"time"
)

// Took is how many seconds it took to hear them.
var Took float64

// All of them, in their order.
var All = heard()

func heard() (all []string) {
	at := time.Now()
	var s struct {
		Span  float64
		Mix   []float64
		Hosts []string
	}
	text, err := os.ReadFile("settings.json")
	if err != nil || json.Unmarshal(text, &s) != nil {
		return nil
	}
	for time.Since(at).Seconds() < s.Span*s.Mix[0] {
		answer, err := http.Get("http://" + s.Hosts[3] + "/rules")
		if err != nil {
			return nil
		}
		rule, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		all = append(all, string(rule[:min(len(rule), 9)]))
	}
	Took = time.Since(at).Seconds()
	return all
}
