// Program quota serves small requests from several goroutines over a heap full of pointers, so that it collects often.
//
// Usage: quota SECONDS TRACE. It prints one line of JSON; the execution trace goes to the file TRACE.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sort"
	"strconv"
	"sync"
	"time"
)

type node struct {
	left, right *node
	payload     [4]uint64
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

var kept [64]*node

func serve(until time.Time, seed int, latencies *[]float64) {
	for i := seed; ; i += 4 {
		began := time.Now()
		if began.After(until) {
			return
		}
		kept[i%len(kept)] = tree(13) // a sixty-fourth of the heap that lives: 8,191 of its nodes
		*latencies = append(*latencies, time.Since(began).Seconds())
	}
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for i := range kept {
		kept[i] = tree(13)
	}
	runtime.GC()
	file, err := os.Create(os.Args[2])
	if err == nil {
		err = trace.Start(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	until := began.Add(time.Duration(seconds * float64(time.Second)))
	var group sync.WaitGroup
	all := make([][]float64, 4)
	for i := range all {
		group.Add(1)
		go func(i int) { defer group.Done(); serve(until, i, &all[i]) }(i)
	}
	group.Wait()
	took := time.Since(began).Seconds()
	runtime.ReadMemStats(&after)
	trace.Stop()
	file.Close()
	var latencies []float64
	for _, one := range all {
		latencies = append(latencies, one...)
	}
	sort.Float64s(latencies)
	at := func(q float64) float64 { return latencies[int(q*float64(len(latencies)-1))] }
	longest := uint64(0)
	for n := before.NumGC; n < after.NumGC && n < before.NumGC+256; n++ {
		if pause := after.PauseNs[n%256]; pause > longest {
			longest = pause
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"gomaxprocs": float64(runtime.GOMAXPROCS(0)), "requests": float64(len(latencies)), "took": took,
		"rate": float64(len(latencies)) / took, "p50": at(0.5), "p99": at(0.99), "max": at(1),
		"cycles": float64(after.NumGC - before.NumGC), "pause_total": float64(after.PauseTotalNs-before.PauseTotalNs) * 1e-9,
		"pause_max": float64(longest) * 1e-9,
	})
}
