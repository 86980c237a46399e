package main

import (
	"context"
	"io"
	"math/rand"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

type furnace struct {
	name       string
	look       func(context.Context) error
	good, ill  int
	cold       atomic.Bool
	looked     atomic.Int64
	last, most atomic.Int64
}

// found changes what is thought of a furnace only when it was so a few times.
func (f *furnace) found(err error, took time.Duration) {
	f.looked.Add(1)
	f.last.Store(int64(took))
	f.most.Store(max(f.most.Load(), int64(took)))
	if err == nil {
		f.good, f.ill = f.good+1, 0
	} else {
		f.good, f.ill = 0, f.ill+1
	}
	if f.ill >= 3 {
		f.cold.Store(true)
	} else if f.good >= 2 {
		f.cold.Store(false)
	}
}

func (f *furnace) watch(ctx context.Context, every time.Duration, r *rand.Rand) {
	timer := time.NewTimer(time.Duration(r.Int63n(int64(every))))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-timer.C:
			within, done := context.WithTimeout(ctx, every/2)
			err := f.look(within)
			done()
			f.found(err, time.Since(at))
			timer.Reset(every*9/10 + time.Duration(r.Int63n(int64(every)/5)))
		}
	}
}

func byPage(at string) func(context.Context) error {
	client := &http.Client{}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/health", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return err
	}
}

func byDoor(at string) func(context.Context) error {
	return func(ctx context.Context) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", at)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// Looks after a few furnaces, each at its own pace, and keeps in mind which are cold.
func main() {
	ctx, home := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer home()
	t, b := newTask(cfg.Seed), newTally(0)
	furnaces := []*furnace{
		{name: "east", look: byPage(cfg.Hosts[15])}, {name: "west", look: byDoor(cfg.Hosts[15])},
		{name: "north", look: byDoor(cfg.Hosts[20])}, {name: "south", look: byPage(cfg.Hosts[15])},
	}
	var all sync.WaitGroup
	for i, f := range furnaces {
		all.Go(func() {
			f.watch(ctx, time.Duration(70+20*i)*time.Millisecond, rand.New(rand.NewSource(cfg.Seed+int64(i))))
		})
	}
	for clock := time.NewTicker(60 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			clock.Stop()
		case <-clock.C:
			for _, f := range furnaces {
				b.sum += t.step() + uint64(f.looked.Load())
				if f.cold.Load() {
					b.sum++
				}
				b.passes[0]++
			}
		}
	}
	all.Wait()
	finish(b, 1)
}
