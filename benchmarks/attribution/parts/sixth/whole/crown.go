package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// crown is worn for as long as it was lent.
type crown struct{ until atomic.Int64 }

func (c *crown) worn() bool { return time.Now().UnixNano() < c.until.Load() }

func (c *crown) renew(ctx context.Context, client *http.Client) error {
	asked := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+cfg.Hosts[15]+"/crown", strings.NewReader(`{"for": "me"}`))
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	c.until.Store(asked.Add(400 * time.Millisecond).UnixNano())
	return nil
}

// Rules while it wears the crown, which it has to ask for again and again.
func main() {
	ctx, abdicate := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer abdicate()
	t, b, c := newTask(cfg.Seed), newTally(0), &crown{}
	client := &http.Client{Timeout: 300 * time.Millisecond}
	check(c.renew(ctx, client))
	var all sync.WaitGroup
	all.Go(func() {
		for again := time.NewTicker(120 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				again.Stop()
				return
			case <-again.C:
				c.renew(ctx, client)
			}
		}
	})
	for hour := time.Tick(28 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-hour:
			for i := 0; i < 6 && c.worn(); i++ {
				b.sum += t.step()
				b.passes[0]++
			}
		}
	}
	all.Wait()
	finish(b, 1)
}
