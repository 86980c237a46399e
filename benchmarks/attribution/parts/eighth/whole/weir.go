package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

type weir struct {
	mu     sync.Mutex
	b      *tally
	levels map[int]int
	left   sync.WaitGroup
}

// ServeHTTP hears how high the water is, and says what to do about it, for as long as somebody is there.
func (w *weir) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	defer w.left.Done()
	t := newTask(cfg.Seed)
	out.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(out)
	flush.Flush()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		var n, level int
		if _, err := fmt.Sscanf(lines.Text(), "level %d %d", &n, &level); err != nil {
			return
		}
		v := t.step() + t.step()
		w.mu.Lock()
		w.levels[level/10]++
		w.b.sum += v
		w.b.passes[0]++
		w.mu.Unlock()
		fmt.Fprintf(out, "gate %d %d\n", n, v%10)
		flush.Flush()
	}
}

// Regulates a river by what is said of it upstream.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	w := &weir{b: newTally(0), levels: map[int]int{}}
	var plain http.Protocols
	plain.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: w, Protocols: &plain}
	go server.Serve(l)
	for _, every := range []int{35, 60} {
		w.left.Add(1)
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"streams"}, "at": {l.Addr().String() + "/river"}, "every": {strconv.Itoa(every) + "ms"},
			"count": {strconv.Itoa(int(cfg.Span*1000) / every)},
		})
		check(err)
		answer.Body.Close()
	}
	w.left.Wait()
	end, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	check(server.Shutdown(end))
	finish(w.b, 1)
}
