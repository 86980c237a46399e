package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"regexp"
	"time"
)

const apart = 55 * time.Millisecond // as the house asks its visitors to

var ways = regexp.MustCompile(`href="(/p/[0-9]+)"`)

// pilgrim goes from page to page of one house, never twice to the same, and never faster than is polite.
type pilgrim struct {
	client *http.Client
	seen   map[string]bool
	row    []string
	texts  map[uint64]string
	t      *task
	b      *tally
}

func (p *pilgrim) want(path string) {
	if !p.seen[path] && len(p.row) < 1000 {
		p.seen[path] = true
		p.row = append(p.row, path)
	}
}

func (p *pilgrim) visit(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Hosts[35]+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "pilgrim (pilgrim@sample.example)")
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	h := fnv.New64a()
	h.Write(text)
	if _, known := p.texts[h.Sum64()]; known {
		return nil
	}
	p.texts[h.Sum64()] = path
	for _, way := range ways.FindAllSubmatch(text, -1) {
		p.want(string(way[1]))
	}
	for range 4 {
		p.b.sum += p.t.step()
	}
	p.b.passes[0]++
	return nil
}

// Visits one page after the other, at the pace that is asked for.
func main() {
	ctx, night := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer night()
	p := &pilgrim{
		client: &http.Client{Timeout: time.Second}, seen: map[string]bool{}, texts: map[uint64]string{}, t: newTask(cfg.Seed), b: newTally(0),
	}
	p.want("/p/1")
	pace := time.NewTicker(apart)
	defer pace.Stop()
	for failed := 0; len(p.row) > 0 && failed < 5; {
		select {
		case <-ctx.Done():
			p.row = nil
			continue
		case <-pace.C:
		}
		path := p.row[0]
		p.row = p.row[1:]
		if err := p.visit(context.Background(), path); err != nil {
			failed++
		}
	}
	finish(p.b, 1)
}
