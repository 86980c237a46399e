package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

type gauge struct {
	mu     sync.Mutex
	counts map[string]float64
	times  map[string][]float64
}

func (g *gauge) note(text string) {
	name, rest, _ := strings.Cut(text, ":")
	value, kind, _ := strings.Cut(rest, "|")
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch kind {
	case "c":
		g.counts[name] += v
	case "g":
		g.counts[name] = v
	case "ms":
		g.times[name] = append(g.times[name], v)
	}
}

func (g *gauge) write(to *bytes.Buffer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(g.counts)) {
		fmt.Fprintf(to, "%s %g\n", name, g.counts[name])
	}
	for name, all := range g.times {
		slices.Sort(all)
		fmt.Fprintf(to, "%s.upper %g\n", name, all[len(all)*9/10])
		g.times[name] = all[:0]
	}
	for name, all := range g.times {
		if len(all) == 0 {
			delete(g.times, name)
		}
	}
}

// Reads the tide from what it is sent, and writes it down five times a second.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"datagrams"}, "at": {conn.LocalAddr().String()}, "every": {"12ms"},
	})
	check(err)
	answer.Body.Close()
	g := &gauge{counts: map[string]float64{}, times: map[string][]float64{}}
	ebb, table := make(chan struct{}), bytes.Buffer{}
	var all sync.WaitGroup
	all.Go(func() {
		due := time.NewTicker(200 * time.Millisecond)
		defer due.Stop()
		for {
			select {
			case <-due.C:
				g.write(&table)
				b.sum += t.step()
				b.passes[0]++
			case <-ebb:
				return
			}
		}
	})
	for room := make([]byte, 1500); ; {
		n, _, err := conn.ReadFrom(room)
		if err != nil {
			break
		}
		g.note(string(room[:n]))
	}
	close(ebb)
	all.Wait()
	conn.Close()
	b.sum += uint64(table.Len())
	finish(b, 1)
}
