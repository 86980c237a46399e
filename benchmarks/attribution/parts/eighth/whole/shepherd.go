package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"
)

type sheep struct {
	cmd   *exec.Cmd
	call  io.WriteCloser
	hears chan string
	gone  chan error
}

func fetched() (*sheep, error) {
	s := &sheep{cmd: exec.Command("cat"), hears: make(chan string, 4), gone: make(chan error, 1)}
	call, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.call = call
	bleats, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewScanner(bleats); lines.Scan(); {
			s.hears <- lines.Text()
		}
		s.gone <- s.cmd.Wait()
	}()
	return s, nil
}

type shepherd struct {
	t    *task
	b    *tally
	lost int
}

// watch stays with one until it is gone or it is evening; it is called now and then, and answers.
func (h *shepherd) watch(ctx context.Context, s *sheep) error {
	call := time.NewTicker(75 * time.Millisecond)
	defer call.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			s.call.Close()
			return <-s.gone
		case err := <-s.gone:
			return fmt.Errorf("ran away: %w", err)
		case <-call.C:
			n++
			if _, err := fmt.Fprintln(s.call, "here?", n); err != nil {
				return err
			}
		case said := <-s.hears:
			h.b.sum += h.t.step() + h.t.step() + uint64(len(said))
			h.b.passes[0]++
		}
	}
}

// Keeps one sheep, and fetches another should it run away.
func main() {
	ctx, evening := context.WithTimeout(context.Background(), time.Duration(cfg.Span*1e9))
	defer evening()
	h := &shepherd{t: newTask(cfg.Seed), b: newTally(0)}
	for rest := 50 * time.Millisecond; ctx.Err() == nil; rest *= 2 {
		s, err := fetched()
		check(err)
		if err := h.watch(ctx, s); err == nil {
			break
		}
		h.lost++
		time.Sleep(rest)
	}
	h.b.sum += uint64(h.lost)
	finish(h.b, 1)
}
