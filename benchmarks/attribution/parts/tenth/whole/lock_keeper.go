package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

type boat struct {
	from string
	at   time.Time
	tons int
}

// chamber is what came within a tenth of a second.
type chamber struct {
	tons  map[string][]int
	boats int
}

type locks struct {
	open map[int64]*chamber
	book *bufio.Writer
	t    *task
	b    *tally
	late int
	done int64
}

const each = int64(100 * time.Millisecond)

func (l *locks) take(b boat) {
	n := b.at.UnixNano() / each
	if n <= l.done {
		l.late++
		return
	}
	c := l.open[n]
	if c == nil {
		c = &chamber{tons: map[string][]int{}}
		l.open[n] = c
	}
	c.tons[b.from] = append(c.tons[b.from], b.tons)
	c.boats++
	l.b.sum += l.t.step()
	l.b.passes[0]++
}

// through lets all out who came before a time, and writes them down.
func (l *locks) through(before time.Time) error {
	for n, c := range l.open {
		if n >= before.UnixNano()/each {
			continue
		}
		for from, tons := range c.tons {
			slices.Sort(tons)
			fmt.Fprintf(l.book, "%d %s %d boats, half of them below %d tons\n", n, from, len(tons), tons[len(tons)/2])
		}
		l.done = max(l.done, n)
		delete(l.open, n)
	}
	return l.book.Flush()
}

// Counts boats by the time in which they come, and writes a line when that time is over.
func main() {
	gate, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	for _, every := range []string{"9ms", "14ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"lines"}, "at": {gate.Addr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	book, err := os.Create("boats.book")
	check(err)
	boats := make(chan boat, 16)
	go func() {
		for {
			c, err := gate.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					from, text, _ := strings.Cut(lines.Text(), " ")
					boats <- boat{from[strings.IndexByte(from, '>')+1:], time.Now(), len(text) * 7 % 50}
				}
			}()
		}
	}()
	l := &locks{open: map[int64]*chamber{}, book: bufio.NewWriter(book), t: newTask(cfg.Seed), b: newTally(0)}
	evening := time.After(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	clock := time.NewTicker(time.Duration(each))
	defer clock.Stop()
	for working := true; working; {
		select {
		case b := <-boats:
			l.take(b)
		case now := <-clock.C:
			check(l.through(now.Add(-20 * time.Millisecond)))
		case <-evening:
			working = false
		}
	}
	check(gate.Close())
	check(l.through(time.Now().Add(time.Second)))
	check(book.Close())
	check(os.Remove("boats.book"))
	finish(l.b, 1)
}
