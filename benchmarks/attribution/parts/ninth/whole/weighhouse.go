package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// allowance fills up again with time, up to a measure.
type allowance struct {
	left float64
	at   time.Time
}

type weighhouse struct {
	rate, most float64
	of         map[string]*allowance
}

func (h *weighhouse) may(who string, n float64, now time.Time) bool {
	a := h.of[who]
	if a == nil {
		a = &allowance{h.most, now}
		h.of[who] = a
	}
	a.left = min(h.most, a.left+h.rate*now.Sub(a.at).Seconds())
	a.at = now
	if a.left < n {
		return false
	}
	a.left -= n
	return true
}

// Says to those of the house who asks how much they may still take; nobody is kept waiting.
func main() {
	dir, err := os.Getwd()
	check(err)
	path := filepath.Join(dir, "scales")
	os.Remove(path)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	check(err)
	for _, every := range []string{"19ms", "37ms", "53ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"grams"}, "at": {path}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	t, b := newTask(cfg.Seed), newTally(0)
	h := &weighhouse{20, 6, map[string]*allowance{}}
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for room := make([]byte, 256); ; {
		n, from, err := conn.ReadFromUnix(room)
		if os.IsTimeout(err) {
			break
		}
		check(err)
		var who string
		var many float64
		if _, err := fmt.Sscan(string(room[:n]), &who, &many); err != nil {
			continue
		}
		said := "no"
		if h.may(who, many, time.Now()) {
			said = "yes"
			b.sum += t.step()
		}
		conn.WriteToUnix([]byte(said), from)
		b.passes[0]++
	}
	check(conn.Close())
	os.Remove(path)
	finish(b, 1)
}
