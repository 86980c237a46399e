package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

type horse struct {
	conn net.Conn
	r    *bufio.Reader
	fed  time.Time
}

func (h *horse) ask(text string) error {
	if err := h.conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(h.conn, text); err != nil {
		return err
	}
	_, err := h.r.ReadString('\n')
	h.fed = time.Now()
	return err
}

type stable struct{ stalls chan *horse }

func stableOf(n int) (*stable, error) {
	s := &stable{make(chan *horse, n)}
	for range n {
		conn, err := net.Dial("tcp", cfg.Hosts[4])
		if err != nil {
			return nil, err
		}
		s.stalls <- &horse{conn, bufio.NewReader(conn), time.Now()}
	}
	return s, nil
}

// groom looks after horses that were not out for a while.
func (s *stable) groom(ctx context.Context) {
	for round := time.NewTicker(90 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			round.Stop()
			return
		case <-round.C:
			h := <-s.stalls
			if time.Since(h.fed) > 150*time.Millisecond {
				check(h.ask("how are you?"))
			}
			s.stalls <- h
		}
	}
}

// Works at home, sends word of it now and then, and keeps horses for that.
func main() {
	ctx, evening := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer evening()
	t, b := newTask(cfg.Seed), newTally(0)
	s, err := stableOf(3)
	check(err)
	var all sync.WaitGroup
	all.Go(func() { s.groom(ctx) })
	for sent := time.Now(); ctx.Err() == nil; {
		b.sum += t.step()
		b.passes[0]++
		if time.Since(sent) > 250*time.Millisecond {
			sent = time.Now()
			word := fmt.Sprint("so far ", b.passes[0])
			all.Go(func() {
				h := <-s.stalls
				check(h.ask(word))
				s.stalls <- h
			})
		}
	}
	all.Wait()
	finish(b, 1)
}
