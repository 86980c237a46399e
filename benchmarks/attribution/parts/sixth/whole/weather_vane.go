package main

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

type wind map[string]int

func read(path string) (wind, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	w := wind{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); ok && err == nil {
			w[strings.TrimSpace(name)] = n
		}
	}
	return w, nil
}

// Turns with the wind, and works meanwhile.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	check(os.WriteFile("wind.conf", []byte("from = 270\nforce = 4\ngusts = 6\n"), 0o644))
	var now atomic.Pointer[wind]
	turn := func() {
		w, err := read("wind.conf")
		check(err)
		now.Store(&w)
	}
	turn()
	turned := make(chan os.Signal, 1)
	signal.Notify(turned, syscall.SIGHUP)
	go func() {
		for range turned {
			turn()
		}
	}()
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"hangup"}, "every": {"210ms"}, "count": {strconv.Itoa(int(cfg.Span * 4))}, "pid": {strconv.Itoa(os.Getpid())},
	})
	check(err)
	answer.Body.Close()
	for !over() {
		w := *now.Load()
		b.sum += t.step() * uint64(w["force"]+w["gusts"])
		b.passes[0]++
	}
	finish(b, 1)
}
