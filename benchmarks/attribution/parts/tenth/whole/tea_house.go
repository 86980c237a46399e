package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var card = template.Must(template.New("card").Parse(`<!DOCTYPE html><title>Table {{.Table}}</title><p>You are here for the {{.Visits}}th time.</p>
<ul>{{range .Teas}}<li>{{.}}</li>{{end}}</ul>`))

type guest struct {
	Table  string
	Visits int
	Teas   []string
	last   time.Time
}

type guestKey struct{}

// house knows its guests by what they were given when they came first.
type house struct {
	mu     sync.Mutex
	guests map[string]*guest
	t      *task
	b      *tally
}

func (h *house) guest(id string) (*guest, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.guests[id]
	if g == nil {
		var room [12]byte
		rand.Read(room[:])
		id, g = hex.EncodeToString(room[:]), &guest{}
		h.guests[id] = g
	}
	g.Visits++
	g.last = time.Now()
	return g, id
}

func (h *house) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := ""
		if c, err := r.Cookie("guest"); err == nil {
			id = c.Value
		}
		g, id := h.guest(id)
		http.SetCookie(w, &http.Cookie{Name: "guest", Value: id, HttpOnly: true, MaxAge: 600})
		next(w, r.WithContext(context.WithValue(r.Context(), guestKey{}, g)))
	}
}

func (h *house) table(w http.ResponseWriter, r *http.Request) {
	g := r.Context().Value(guestKey{}).(*guest)
	h.mu.Lock()
	h.b.sum += h.t.step()
	h.b.passes[0]++
	if g.Table = r.PathValue("n"); len(g.Teas) < 30 {
		g.Teas = append(g.Teas, fmt.Sprintf("%s of the <%dth> year", []string{"green", "black", "white"}[g.Visits%3], g.Visits))
	}
	shown := *g
	h.mu.Unlock()
	if err := card.Execute(w, shown); err != nil {
		fmt.Println("went away:", err)
	}
}

func (h *house) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, g := range h.guests {
		if time.Since(g.last) > 300*time.Millisecond {
			delete(h.guests, id)
		}
	}
}

// Serves tea to guests who come again, and closes when it is told to.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	h := &house{guests: map[string]*guest{}, t: newTask(cfg.Seed), b: newTally(0)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /table/{n}", h.known(h.table))
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	for _, wish := range []url.Values{
		{"kind": {"readers"}, "at": {l.Addr().String()}, "every": {"16ms"}}, {"kind": {"readers"}, "at": {l.Addr().String()}, "every": {"39ms"}},
		{"kind": {"term"}, "pid": {fmt.Sprint(os.Getpid())}, "every": {fmt.Sprintf("%dms", int(cfg.Span*1000))}},
	} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", wish)
		check(err)
		answer.Body.Close()
	}
	for clock := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			clock.Stop()
		case <-clock.C:
			h.forget()
		}
	}
	check(server.Close())
	h.mu.Lock()
	defer h.mu.Unlock()
	finish(h.b, 1)
}
