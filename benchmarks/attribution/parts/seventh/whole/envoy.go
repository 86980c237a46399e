package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

var errLost = errors.New("nobody is there any more")

type session struct {
	conn  net.Conn
	heard chan string
}

func opened(at string, every time.Duration, count int) (*session, error) {
	conn, err := net.DialTimeout("tcp", at, time.Second)
	if err != nil {
		return nil, err
	}
	s := &session{conn, make(chan string, 8)}
	fmt.Fprintf(conn, "HELLO %s %d\n", every, count)
	go func() {
		defer close(s.heard)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			s.heard <- lines.Text()
		}
	}()
	return s, nil
}

// keep tells f the news, and sees to it that the other side is still there.
func (s *session) keep(f func(string)) error {
	defer s.conn.Close()
	beat, lost := time.NewTicker(80*time.Millisecond), time.NewTimer(time.Second)
	defer beat.Stop()
	defer lost.Stop()
	for {
		select {
		case <-lost.C:
			return errLost
		case <-beat.C:
			if _, err := fmt.Fprintln(s.conn, "PING"); err != nil {
				return err
			}
		case line, ok := <-s.heard:
			if !ok || line == "BYE" {
				return nil
			}
			lost.Reset(time.Second)
			if news, ok := strings.CutPrefix(line, "NEWS "); ok {
				f(news)
			}
		}
	}
}

// Is sent to a court, and thinks about what is told there.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	s, err := opened(cfg.Hosts[26], 50*time.Millisecond, int(cfg.Span*20))
	check(err)
	check(s.keep(func(news string) {
		for range 5 {
			b.sum += t.step() + uint64(len(news))
			b.passes[0]++
		}
	}))
	finish(b, 1)
}
