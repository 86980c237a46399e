package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

var errPass = errors.New("not let in")

// pass says who somebody is, until when, and is signed by the house.
type pass struct {
	Who   string `json:"who"`
	Until int64  `json:"until"`
}

var url64 = base64.RawURLEncoding

func written(key ed25519.PrivateKey, p pass) string {
	text, err := json.Marshal(p)
	check(err)
	body := url64.EncodeToString(text)
	return body + "." + url64.EncodeToString(ed25519.Sign(key, []byte(body)))
}

func read(key ed25519.PublicKey, shown string, now time.Time) (p pass, err error) {
	body, seal, ok := strings.Cut(shown, ".")
	sign, err := url64.DecodeString(seal)
	if err != nil || !ok || !ed25519.Verify(key, []byte(body), sign) {
		return p, errPass
	}
	text, err := url64.DecodeString(body)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, err
	}
	if now.Unix() > p.Until {
		return p, errPass
	}
	return p, nil
}

type door struct {
	key     ed25519.PublicKey
	t       *task
	sum     uint64
	refused atomic.Int64
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p, err := read(d.key, shown, time.Now())
	if !ok || err != nil {
		d.refused.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	d.sum += d.t.step()
	fmt.Fprintf(w, "good evening, %s; it is %d", p.Who, d.sum%12)
}

// visit is made by the house itself, to see whether the door is well kept.
func visit(client *http.Client, at, shown string) (int, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+at+"/hall", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+shown)
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

// Lets those in who have a pass; by a clock it tries its own door, with a good pass and with a bad one.
func main() {
	ctx, evening := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer evening()
	own, key, err := ed25519.GenerateKey(nil)
	check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	d, b := &door{key: own, t: newTask(cfg.Seed)}, newTally(0)
	server := &http.Server{Handler: d}
	go server.Serve(l)
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Second}
	clock := time.NewTicker(35 * time.Millisecond)
	defer clock.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
			continue
		case <-clock.C:
		}
		shown, wanted := written(key, pass{fmt.Sprint("guest", n%9), time.Now().Unix() + 60}), http.StatusOK
		if n%4 == 3 {
			shown, wanted = "x"+shown, http.StatusUnauthorized
		}
		code, err := visit(client, l.Addr().String(), shown)
		check(err)
		if code != wanted {
			check(fmt.Errorf("the door said %d: %w", code, errPass))
		}
		b.passes[0]++
	}
	client.CloseIdleConnections()
	check(server.Close())
	b.sum = d.sum + uint64(d.refused.Load())
	finish(b, 1)
}
