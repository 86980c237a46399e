package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

type good struct {
	value string
	until time.Time
}

type store struct {
	mu    sync.RWMutex
	goods map[string]good
}

func (s *store) get(key string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g, ok := s.goods[key]
	return g.value, ok && (g.until.IsZero() || time.Now().Before(g.until))
}

func (s *store) set(key, value string, long time.Duration) {
	g := good{value: value}
	if long > 0 {
		g.until = time.Now().Add(long)
	}
	s.mu.Lock()
	s.goods[key] = g
	s.mu.Unlock()
}

func (s *store) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := strconv.Atoi(s.goods[key].value)
	s.goods[key] = good{value: strconv.Itoa(n + 1)}
	return n + 1
}

// sweep throws away what is too old.
func (s *store) sweep() (gone int) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, g := range s.goods {
		if !g.until.IsZero() && now.After(g.until) {
			delete(s.goods, key)
			gone++
		}
	}
	return gone
}

var errWords = errors.New("not so many words")

func words(r *bufio.Reader) ([]string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil || n < 1 || n > 16 {
		return nil, errWords
	}
	all := make([]string, n)
	for i := range all {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
		long, err := strconv.Atoi(strings.TrimSpace(line[1:]))
		if err != nil || long < 0 || long > 1<<16 {
			return nil, errWords
		}
		word := make([]byte, long+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, err
		}
		all[i] = string(word[:long])
	}
	return all, nil
}

func (s *store) attend(conn net.Conn, seed int64) *tally {
	defer conn.Close()
	t, b := newTask(seed), newTally(0)
	for r := bufio.NewReader(conn); ; b.passes[0]++ {
		said, err := words(r)
		if err != nil {
			return b
		}
		b.sum += t.step()
		switch {
		case said[0] == "GET" && len(said) == 2:
			if value, ok := s.get(said[1]); ok {
				fmt.Fprintf(conn, "+%s\r\n", value)
			} else {
				io.WriteString(conn, "$-1\r\n")
			}
		case said[0] == "SET" && len(said) == 4:
			long, _ := strconv.Atoi(said[3])
			s.set(said[1], said[2], time.Duration(long)*time.Millisecond)
			io.WriteString(conn, "+OK\r\n")
		case said[0] == "INCR" && len(said) == 2:
			fmt.Fprintf(conn, ":%d\r\n", s.count(said[1]))
		default:
			io.WriteString(conn, "-ERR\r\n")
		}
	}
}

// Keeps goods for two who come by, and clears out what has gone bad.
func main() {
	home, err := os.Getwd()
	check(err)
	at := filepath.Join(home, "counter")
	l, err := net.Listen("unix", at)
	check(err)
	for _, every := range []int{14, 23} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"talks"}, "at": {at}, "every": {strconv.Itoa(every) + "ms"},
			"count": {strconv.Itoa(int(cfg.Span*1000) / every)},
		})
		check(err)
		answer.Body.Close()
	}
	s, stop := &store{goods: map[string]good{}}, make(chan struct{})
	var all, sweeper sync.WaitGroup
	sweeper.Go(func() {
		for clock := time.NewTicker(75 * time.Millisecond); ; {
			select {
			case <-clock.C:
				s.sweep()
			case <-stop:
				clock.Stop()
				return
			}
		}
	})
	counts := make([]*tally, 2)
	for i := range counts {
		conn, err := l.Accept()
		check(err)
		all.Go(func() { counts[i] = s.attend(conn, cfg.Seed+int64(i)) })
	}
	all.Wait()
	close(stop)
	sweeper.Wait()
	l.Close()
	counts[0].add(counts[1])
	finish(counts[0], 1)
}
