package main

import (
	"bufio"
	"container/heap"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type pledge struct {
	rank, tries int
	text        string
}

type pledges []pledge

func (p pledges) Len() int           { return len(p) }
func (p pledges) Less(i, j int) bool { return p[i].rank < p[j].rank }
func (p pledges) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pledges) Push(v any)        { *p = append(*p, v.(pledge)) }
func (p *pledges) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

type shop struct {
	mu    sync.Mutex
	row   pledges
	there chan struct{}
}

func (s *shop) put(p pledge) {
	s.mu.Lock()
	heap.Push(&s.row, p)
	s.mu.Unlock()
	s.there <- struct{}{}
}

func (s *shop) take() pledge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return heap.Pop(&s.row).(pledge)
}

// serve sees to what was brought; what does not do at once is brought again a little later.
func (s *shop) serve(ctx context.Context, seed int64) *tally {
	t, b := newTask(seed), newTally(0)
	for {
		select {
		case <-ctx.Done():
			return b
		case <-s.there:
			p := s.take()
			for range 3 + len(p.text)%5 {
				b.sum += t.step()
			}
			b.passes[0]++
			if p.tries++; p.rank%3 == 0 && p.tries < 2 {
				time.AfterFunc(60*time.Millisecond, func() { s.put(p) })
			}
		}
	}
}

func (s *shop) open(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				s.put(pledge{rank: len(lines.Text()) % 10, text: lines.Text()})
			}
		}()
	}
}

// A shop with three behind the counter, on a day on which few come.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	s := &shop{there: make(chan struct{}, 64)}
	go s.open(l)
	for kind, every := range map[string]int{"lines": 280, "term": int(cfg.Span * 1000)} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {kind}, "at": {l.Addr().String()}, "every": {strconv.Itoa(every) + "ms"}, "pid": {strconv.Itoa(os.Getpid())},
		})
		check(err)
		answer.Body.Close()
	}
	own, all := make([]*tally, 3), sync.WaitGroup{}
	for i := range own {
		all.Go(func() { own[i] = s.serve(ctx, cfg.Seed+int64(i)) })
	}
	all.Wait()
	check(l.Close())
	for _, b := range own[1:] {
		own[0].add(b)
	}
	finish(own[0], 1)
}
