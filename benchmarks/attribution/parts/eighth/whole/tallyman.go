package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/metrics"
	"sync"
	"time"
)

type series struct {
	Name   string     `json:"name"`
	Points [][2]int64 `json:"points"`
}

type board struct {
	mu  sync.Mutex
	all map[string]*series
}

func (o *board) mark(name string, value int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.all[name]
	if s == nil {
		s = &series{Name: name}
		o.all[name] = s
	}
	s.Points = append(s.Points, [2]int64{time.Now().UnixMilli(), value})
}

func (o *board) wiped() (full []series) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.all {
		full = append(full, *s)
		s.Points = nil
	}
	return full
}

func push(ctx context.Context, client *http.Client, full []series) error {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if err := json.NewEncoder(z).Encode(full); err != nil {
		return err
	}
	z.Close()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+cfg.Hosts[15]+"/write", &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "gzip")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("not taken: %s", answer.Status)
	}
	return err
}

// Marks what there is on a board by one clock, and sends the marks away by another.
func main() {
	ctx, done := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer done()
	o, t, b := &board{all: map[string]*series{}}, newTask(cfg.Seed), newTally(0)
	client := &http.Client{Timeout: time.Second}
	sample := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/total:bytes"}}
	var carrier sync.WaitGroup
	carrier.Go(func() {
		for due := time.NewTicker(150 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				due.Stop()
				check(push(context.Background(), client, o.wiped()))
				return
			case <-due.C:
				check(push(context.Background(), client, o.wiped()))
			}
		}
	})
	for look := time.NewTicker(25 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			look.Stop()
		case <-look.C:
			metrics.Read(sample)
			for _, s := range sample {
				o.mark(s.Name, int64(s.Value.Uint64()))
			}
			v := t.step() + t.step()
			o.mark("work", int64(v&0xffff))
			b.sum += v
			b.passes[0]++
		}
	}
	carrier.Wait()
	finish(b, 1)
}
