package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// coat is what somebody left, and when.
type coat struct {
	is   []byte
	tag  string
	left time.Time
}

type cloakroom struct {
	mu    sync.RWMutex
	hooks map[string]coat
	t     *task
	b     *tally
}

func (c *cloakroom) take(w http.ResponseWriter, r *http.Request) {
	is, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	sum := sha256.Sum256(is)
	one := coat{is, `"` + hex.EncodeToString(sum[:12]) + `"`, time.Now()}
	c.mu.Lock()
	c.hooks[r.PathValue("hook")] = one
	c.b.sum += c.t.step()
	c.b.passes[0]++
	c.mu.Unlock()
	w.Header().Set("ETag", one.tag)
	w.WriteHeader(http.StatusNoContent)
}

func (c *cloakroom) give(w http.ResponseWriter, r *http.Request) {
	c.mu.RLock()
	one, ok := c.hooks[r.PathValue("hook")]
	c.mu.RUnlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", one.tag)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", one.left, bytes.NewReader(one.is))
}

// Keeps coats for those who come, and lets them look into the pockets.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	c := &cloakroom{hooks: map[string]coat{}, t: newTask(cfg.Seed), b: newTally(0)}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /hook/{hook}", c.take)
	mux.HandleFunc("GET /hook/{hook}", c.give)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	for _, every := range []string{"17ms", "29ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"puts"}, "at": {l.Addr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { server.Close() })
	server.Serve(l)
	c.mu.Lock()
	defer c.mu.Unlock()
	finish(c.b, 1)
}
