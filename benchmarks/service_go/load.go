// Command load asks the service over HTTP and gRPC, at a fixed rate or as fast as it can, and prints what came back as JSON.
//
//	load HTTP GRPC RATE SECONDS CLIENTS     RATE 0 is as fast as CLIENTS can
//
// Of four requests two are gRPC (Resolve), one is an HTTP redirect and one an HTTP POST. At a fixed rate latency counts from
// when a request was due, so that a stall is not hidden by the requests that it kept from being sent.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"godyno.example/reference/service/rpc/linkspb"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func number(i int) float64 { return must(strconv.ParseFloat(os.Args[i], 64)) }

func main() {
	address, rate, seconds, clients := "http://"+os.Args[1], number(3), number(4), int(number(5))
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: clients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	connection := must(grpc.NewClient(os.Args[2], grpc.WithTransportCredentials(insecure.NewCredentials())))
	links, ctx := linkspb.NewLinksClient(connection), context.Background()
	var names []string
	for i := range 100 {
		link := must(links.Shorten(ctx, &linkspb.ShortenRequest{Target: fmt.Sprint("https://example.org/", i)}))
		names = append(names, link.GetName())
	}
	ask := func(i int64) {
		name := names[i%int64(len(names))]
		var answer *http.Response
		switch i % 4 {
		case 0:
			answer = must(client.Get(address + "/to/" + name))
		case 1:
			body := fmt.Sprintf(`{"target":"https://example.org/%d"}`, i%100)
			answer = must(client.Post(address+"/links", "application/json", strings.NewReader(body)))
		default:
			must(links.Resolve(ctx, &linkspb.ResolveRequest{Name: name}))
			return
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode >= 400 {
			panic(answer.Status)
		}
	}
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * 1e9))
	var next atomic.Int64
	var mutex sync.Mutex
	var all []float64
	var group sync.WaitGroup
	for range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			var mine []float64
			for {
				i, due := next.Add(1), time.Now()
				if rate > 0 {
					due = begin.Add(time.Duration(float64(i) / rate * 1e9))
					time.Sleep(time.Until(due))
				}
				if due.After(end) {
					break
				}
				ask(i)
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
