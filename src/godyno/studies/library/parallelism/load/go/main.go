// Program load asks a URL at a constant rate, whether or not earlier requests are answered, and says how long answers took from
// when each request was due.
//
// Usage: load URL RATE SECONDS; a RATE of 0 asks as fast as 32 connections can. It prints one line of JSON; times are in seconds.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const connections = 32

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: load URL RATE SECONDS")
		os.Exit(2)
	}
	rate, err := strconv.ParseFloat(os.Args[2], 64)
	seconds, err2 := strconv.ParseFloat(os.Args[3], 64)
	if err != nil || err2 != nil || rate < 0 || seconds <= 0 {
		fmt.Fprintln(os.Stderr, "load: RATE and SECONDS are numbers")
		os.Exit(2)
	}
	options := []func(*vegeta.Attacker){vegeta.Timeout(10 * time.Second), vegeta.KeepAlive(true), vegeta.Connections(1024)}
	var pacer vegeta.Pacer = vegeta.ConstantPacer{Freq: int(rate * 1000), Per: 1000 * time.Second}
	if rate == 0 {
		pacer = vegeta.ConstantPacer{}
		options = append(options, vegeta.Workers(connections), vegeta.MaxWorkers(connections))
	}
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: os.Args[1]})
	var waited, late []float64
	failed, words, began, last := 0, "", time.Now(), time.Now()
	for result := range vegeta.NewAttacker(options...).Attack(target, pacer, time.Duration(seconds*float64(time.Second)), "") {
		if result.Seq == 0 {
			began = result.Timestamp
		}
		if result.Error != "" {
			failed, words = failed+1, result.Error
			continue
		}
		if end := result.Timestamp.Add(result.Latency); end.After(last) {
			last = end
		}
		due := result.Timestamp
		if rate > 0 {
			due = began.Add(time.Duration(float64(result.Seq) / rate * 1e9))
			late = append(late, result.Timestamp.Sub(due).Seconds())
		}
		waited = append(waited, result.Timestamp.Add(result.Latency).Sub(due).Seconds())
	}
	sort.Float64s(waited)
	sort.Float64s(late)
	at := func(of []float64, q float64) float64 {
		if len(of) == 0 {
			return 0
		}
		return of[int(q*float64(len(of)-1))]
	}
	took := last.Sub(began).Seconds()
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"answered": len(waited), "failed": failed, "took": took, "rate": float64(len(waited)) / took, "p50": at(waited, 0.5),
		"p99": at(waited, 0.99), "p999": at(waited, 0.999), "longest": at(waited, 1), "late_p99": at(late, 0.99), "error": words,
	})
}
