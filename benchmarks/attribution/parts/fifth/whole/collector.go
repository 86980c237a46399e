package main

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
)

type find struct {
	N     int    `json:"n"`
	Worth uint64 `json:"worth"`
}

// found sends what is come upon, from time to time.
func found(ctx context.Context) <-chan find {
	out := make(chan find, 8)
	go func() {
		defer close(out)
		t, walk := newTask(cfg.Seed), time.NewTicker(25*time.Millisecond)
		defer walk.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-walk.C:
				out <- find{n, t.step()}
			}
		}
	}()
	return out
}

// Keeps what is found, and puts it away whenever there has been time to.
func main() {
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer stop()
	b := newTally(0)
	var bag []find
	var chest bytes.Buffer
	empty := func() {
		check(json.NewEncoder(&chest).Encode(bag))
		bag = bag[:0]
	}
	away := time.NewTimer(180 * time.Millisecond)
	finds := found(ctx)
	for open := true; open; {
		select {
		case f, ok := <-finds:
			if open = ok; ok {
				bag = append(bag, f)
				b.sum += f.Worth
				b.passes[0]++
			}
		case <-away.C:
			empty()
			away.Reset(180 * time.Millisecond)
		}
	}
	empty()
	b.sum += uint64(chest.Len())
	finish(b, 1)
}
