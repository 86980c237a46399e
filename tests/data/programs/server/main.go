// Serves a fixed number of HTTP requests to clients of its own, through the loopback.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

func main() {
	requests := flag.Int64("requests", 10_000, "how many")
	clients := flag.Int("clients", 8, "how many at once")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	body := make([]byte, 16<<10)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256(body)
		fmt.Fprintf(w, "%x\n", sum)
	}))
	url := "http://" + listener.Addr().String()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *clients}}
	var left atomic.Int64
	left.Store(*requests)
	var group sync.WaitGroup
	for i := 0; i < *clients; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for left.Add(-1) >= 0 {
				answer, err := client.Get(url)
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}()
	}
	group.Wait()
}
