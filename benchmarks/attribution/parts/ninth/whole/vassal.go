package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const patience = 600 * time.Millisecond

type entry struct {
	Term  int    `json:"term"`
	Key   string `json:"key"`
	Value int    `json:"value"`
}

type order struct {
	Term    int     `json:"term"`
	Leader  string  `json:"leader"`
	After   int     `json:"after"`
	Commit  int     `json:"commit"`
	Entries []entry `json:"entries"`
}

type reply struct {
	Term    int  `json:"term"`
	Success bool `json:"success"`
	Last    int  `json:"last"`
}

// vassal follows a lord for as long as it hears of him, and does what is settled.
type vassal struct {
	mu      sync.Mutex
	term    int
	log     []entry
	commit  int
	done    int
	lord    string
	settled *sync.Cond
	over    bool
	unrest  *time.Timer
	stood   int // how often it stood for lord itself
}

func (v *vassal) hear(o *order) reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	if o.Term < v.term {
		return reply{Term: v.term, Last: len(v.log)}
	}
	v.unrest.Reset(patience)
	v.term, v.lord = o.Term, o.Leader
	if o.After > len(v.log) {
		return reply{Term: v.term, Last: len(v.log)}
	}
	v.log = append(v.log[:o.After], o.Entries...)
	if commit := min(o.Commit, len(v.log)); commit > v.commit {
		v.commit = commit
		v.settled.Signal()
	}
	return reply{v.term, true, len(v.log)}
}

// obey does what is settled, in order.
func (v *vassal) obey(t *task, b *tally) {
	for state := map[string]int{}; ; {
		v.mu.Lock()
		for v.done == v.commit && !v.over {
			v.settled.Wait()
		}
		if v.done == v.commit {
			v.mu.Unlock()
			return
		}
		todo := v.log[v.done:v.commit:v.commit]
		v.mu.Unlock()
		for _, e := range todo {
			state[e.Key] += e.Value
			for range 4 {
				b.sum += t.step()
			}
			b.passes[0]++
		}
		v.mu.Lock()
		v.done += len(todo)
		v.mu.Unlock()
	}
}

func (v *vassal) follow(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			say := json.NewEncoder(conn)
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				var o order
				if json.Unmarshal(lines.Bytes(), &o) != nil || say.Encode(v.hear(&o)) != nil {
					return
				}
			}
		}()
	}
}

// Follows one who leads, and would stand itself should it not hear of him for too long.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	v := &vassal{}
	v.settled = sync.NewCond(&v.mu)
	v.unrest = time.AfterFunc(patience, func() {
		v.mu.Lock()
		v.term++
		v.stood++
		v.mu.Unlock()
	})
	go v.follow(l)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"leads"}, "at": {l.Addr().String()}, "every": {"40ms"}})
	check(err)
	answer.Body.Close()
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() {
		l.Close()
		v.mu.Lock()
		v.over = true
		v.mu.Unlock()
		v.settled.Broadcast()
	})
	b := newTally(0)
	v.obey(newTask(cfg.Seed), b)
	v.unrest.Stop()
	finish(b, 1)
}
