package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type change struct {
	Key   string `json:"key"`
	Value int    `json:"value"`
}

type batch struct {
	Last    int      `json:"last"`
	Changes []change `json:"changes"`
}

// following asks what has changed since, which is answered when something has.
func following(ctx context.Context, after int) (got batch, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/changes?after=%d", cfg.Hosts[25], after), nil)
	if err != nil {
		return got, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return got, err
	}
	defer answer.Body.Close()
	return got, json.NewDecoder(answer.Body).Decode(&got)
}

// Keeps a copy of what is changed elsewhere.
func main() {
	ctx, leave := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer leave()
	t, b := newTask(cfg.Seed), newTally(0)
	copied, last := map[string]int{}, 0
	for pause := 50 * time.Millisecond; ctx.Err() == nil; {
		got, err := following(ctx, last)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause, last = 50*time.Millisecond, got.Last
		for _, c := range got.Changes {
			copied[c.Key] = c.Value
			b.sum += t.step() + uint64(c.Value)
			b.passes[0]++
		}
	}
	b.sum += uint64(len(copied))
	finish(b, 1)
}
