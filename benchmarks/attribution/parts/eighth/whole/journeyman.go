package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

type order struct {
	ID      string  `json:"id"`
	Size    int     `json:"size"`
	Seconds float64 `json:"seconds"`
}

type journeyman struct {
	client *http.Client
	t      *task
	b      *tally
}

func (j *journeyman) say(ctx context.Context, what string, values url.Values) (*http.Response, error) {
	where := fmt.Sprintf("http://%s/%s?%s", cfg.Hosts[29], what, values.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, nil)
	if err != nil {
		return nil, err
	}
	return j.client.Do(request)
}

// next is the next order there is; none when there was none for a while.
func (j *journeyman) next(ctx context.Context) (*order, error) {
	answer, err := j.say(ctx, "take", url.Values{"n": {fmt.Sprint(j.b.passes[0])}})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNoContent {
		j.b.passes[0]++
		return nil, nil
	}
	o := &order{}
	return o, json.NewDecoder(answer.Body).Decode(o)
}

// hold keeps an order from being lent to another until it is let go.
func (j *journeyman) hold(o *order) (letGo func()) {
	ctx, enough := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for again := time.NewTicker(time.Duration(o.Seconds * 1e9 / 3)); ; {
			select {
			case <-ctx.Done():
				again.Stop()
				return
			case <-again.C:
				if answer, err := j.say(ctx, "extend", url.Values{"id": {o.ID}}); err == nil {
					answer.Body.Close()
				}
			}
		}
	})
	return func() { enough(); all.Wait() }
}

func (j *journeyman) do(o *order) error {
	letGo := j.hold(o)
	for range o.Size {
		j.b.sum += j.t.step() + j.t.step()
	}
	j.b.passes[0]++
	letGo()
	answer, err := j.say(context.Background(), "done", url.Values{"id": {o.ID}})
	if err == nil {
		answer.Body.Close()
	}
	return err
}

// Takes on whatever work there is, until it is time to move on.
func main() {
	ctx, on := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer on()
	j := &journeyman{&http.Client{}, newTask(cfg.Seed), newTally(0)}
	for {
		o, err := j.next(ctx)
		if ctx.Err() != nil {
			break
		}
		check(err)
		if o != nil {
			check(j.do(o))
		}
	}
	finish(j.b, 1)
}
