package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

type letter struct {
	ID    int     `json:"id"`
	Kind  string  `json:"kind"`
	Of    string  `json:"of"`
	Value float64 `json:"value"`
}

// bagged gathers letters until there are enough, or until the first has lain for long enough.
func bagged(in <-chan letter, most int, long time.Duration, put func([]letter)) {
	var bag []letter
	timer := time.NewTimer(long)
	timer.Stop()
	for {
		select {
		case l, ok := <-in:
			if !ok {
				put(bag)
				return
			}
			if bag = append(bag, l); len(bag) == 1 {
				timer.Reset(long)
			} else if len(bag) >= most {
				timer.Stop()
				put(bag)
				bag = bag[:0]
			}
		case <-timer.C:
			put(bag)
			bag = bag[:0]
		}
	}
}

// Takes letters in, and has them carried away in bags.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	letters := make(chan letter, 100)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var one letter
		if err := json.NewDecoder(r.Body).Decode(&one); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		letters <- one
		w.WriteHeader(http.StatusAccepted)
	})}
	go server.Serve(l)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"post"}, "at": {l.Addr().String() + "/letters"}, "every": {"25ms"},
	})
	check(err)
	answer.Body.Close()
	file, err := os.Create("letters.jsonl")
	check(err)
	w := bufio.NewWriter(file)
	var all sync.WaitGroup
	all.Go(func() {
		bagged(letters, 12, 130*time.Millisecond, func(bag []letter) {
			for _, one := range bag {
				check(json.NewEncoder(w).Encode(one))
				for range 4 {
					b.sum += t.step() + uint64(one.Value)
					b.passes[0]++
				}
			}
			check(w.Flush())
		})
	})
	time.Sleep(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	check(server.Shutdown(context.Background()))
	close(letters)
	all.Wait()
	check(file.Close())
	finish(b, 1)
}
