// Load asks a URL at a fixed rate, or as fast as it can, and prints what came back as JSON.
//
//	load URL RATE SECONDS CLIENTS     RATE 0 is as fast as CLIENTS can
//
// Latency counts from when a request was due, so that a stall is not hidden by the requests that it kept from being sent.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func number(i int) float64 {
	n, err := strconv.ParseFloat(os.Args[i], 64)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	rate, seconds, clients := number(2), number(3), int(number(4))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * 1e9))
	var next atomic.Int64
	var mutex sync.Mutex
	var all []float64
	var group sync.WaitGroup
	for i := 0; i < clients; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			var mine []float64
			for {
				due := time.Now()
				if rate > 0 {
					due = begin.Add(time.Duration(float64(next.Add(1)) / rate * 1e9))
					time.Sleep(time.Until(due))
				}
				if due.After(end) {
					break
				}
				answer, err := client.Get(os.Args[1])
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				mine = append(mine, time.Since(due).Seconds())
			}
			mutex.Lock()
			all = append(all, mine...)
			mutex.Unlock()
		}()
	}
	group.Wait()
	took := time.Since(begin).Seconds()
	sort.Float64s(all)
	at := func(q float64) float64 { return all[int(q*float64(len(all)-1))] }
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"requests": float64(len(all)), "per_s": float64(len(all)) / took, "p50_s": at(0.5), "p99_s": at(0.99),
	})
}
