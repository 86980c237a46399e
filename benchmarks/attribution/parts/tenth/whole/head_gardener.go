package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// row has each bed once that is to be looked after, however often it was said, and not while somebody is at it.
type row struct {
	mu      sync.Mutex
	some    *sync.Cond
	beds    []string
	waiting map[string]bool
	tended  map[string]bool
	closed  bool
}

func newRow() *row {
	q := &row{waiting: map[string]bool{}, tended: map[string]bool{}}
	q.some = sync.NewCond(&q.mu)
	return q
}

func (q *row) add(bed string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.waiting[bed] {
		return
	}
	if q.waiting[bed] = true; !q.tended[bed] {
		q.beds = append(q.beds, bed)
		q.some.Signal()
	}
}

func (q *row) next() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.beds) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return "", false
	}
	bed := q.beds[0]
	q.beds = q.beds[1:]
	delete(q.waiting, bed)
	q.tended[bed] = true
	return bed, true
}

func (q *row) done(bed string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if delete(q.tended, bed); q.waiting[bed] {
		q.beds = append(q.beds, bed)
		q.some.Signal()
	}
}

func (q *row) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
}

type garden struct {
	mu     sync.Mutex
	wanted map[string]int
}

func (g *garden) want(bed string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wanted[bed] = n
}

func (g *garden) is(bed string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wanted[bed]
}

// hear asks for what has become different, and hears of it when something has.
func (g *garden) hear(ctx context.Context, after int, q *row) (int, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/watch?after=%d", cfg.Hosts[25], after), nil)
	if err != nil {
		return after, err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return after, err
	}
	defer answer.Body.Close()
	var heard struct {
		Last    int
		Changes []struct {
			Key   string
			Value int
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&heard); err != nil {
		return after, err
	}
	for _, c := range heard.Changes {
		g.want(c.Key, c.Value)
		q.add(c.Key)
	}
	return heard.Last, nil
}

// Has a garden kept as is wished: two gardeners see to each bed of which something is heard, and to all of them now and then.
func main() {
	ctx, night := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer night()
	g, q := &garden{wanted: map[string]int{}}, newRow()
	var gardeners sync.WaitGroup
	own := [2]*tally{newTally(0), newTally(0)}
	for i := range own {
		t, grown := newTask(cfg.Seed+int64(i)), map[string]int{}
		gardeners.Go(func() {
			for bed, ok := q.next(); ok; bed, ok = q.next() {
				grown[bed] = g.is(bed)
				own[i].sum += t.step() + t.step()
				own[i].passes[0]++
				q.done(bed)
			}
		})
	}
	go func() {
		all := time.NewTicker(400 * time.Millisecond)
		defer all.Stop()
		for {
			select {
			case <-ctx.Done():
				q.close()
				return
			case <-all.C:
				for i := range 9 {
					q.add(fmt.Sprint("k", i))
				}
			}
		}
	}()
	for after := 0; ctx.Err() == nil; {
		last, err := g.hear(ctx, after, q)
		if ctx.Err() == nil {
			check(err)
		}
		after = last
	}
	gardeners.Wait()
	own[0].add(own[1])
	finish(own[0], 1)
}
