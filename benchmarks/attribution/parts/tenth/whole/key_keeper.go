package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// key opens for a while; long before it does so no more, another one is fetched.
type key struct {
	secret []byte
	until  time.Time
}

type keeper struct {
	key   atomic.Pointer[key]
	timer *time.Timer
	mu    sync.Mutex
	t     *task
	b     *tally
}

const lasts = 240 * time.Millisecond

func (k *keeper) fetch() error {
	answer, err := http.Get("http://" + cfg.Hosts[15] + "/key")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var is struct {
		Value int
		Of    string
	}
	if err := json.NewDecoder(answer.Body).Decode(&is); err != nil {
		return err
	}
	k.key.Store(&key{fmt.Appendf(nil, "%d of %s", is.Value, is.Of), time.Now().Add(lasts)})
	return nil
}

// renew is called by the clock; if it does not succeed it is called again soon, while the old key still opens.
func (k *keeper) renew() {
	next := lasts / 2
	if k.fetch() != nil {
		next = lasts / 10
	}
	k.timer.Reset(next)
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := k.key.Load()
	if time.Now().After(now.until) {
		http.Error(w, "locked", http.StatusServiceUnavailable)
		return
	}
	k.mu.Lock()
	v := k.t.step()
	k.b.sum += v
	k.b.passes[0]++
	k.mu.Unlock()
	seal := hmac.New(sha256.New, now.secret)
	fmt.Fprintf(seal, "%s %s %d", r.Method, r.URL.Path, v)
	fmt.Fprintf(w, `{"open": "%x", "until": %d}`, seal.Sum(nil), now.until.UnixMilli())
}

// Keeps the key to a house and opens for those who ask; the key is changed every now and then.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	k := &keeper{t: newTask(cfg.Seed), b: newTally(0)}
	check(k.fetch())
	k.timer = time.AfterFunc(lasts/2, k.renew)
	server := &http.Server{Handler: k}
	for _, every := range []string{"19ms", "43ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"get"}, "at": {l.Addr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { server.Close() })
	server.Serve(l)
	k.timer.Stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	finish(k.b, 1)
}
