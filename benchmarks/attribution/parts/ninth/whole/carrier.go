package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

const (
	lookEvery = 40 * time.Millisecond
	oldest    = 200 * time.Millisecond
	fullAt    = 24
)

// carrier takes what is written into a file to where it is kept: when there is enough of it, or when it has lain for long enough.
type carrier struct {
	file   *os.File
	rest   []byte
	load   [][]byte
	since  time.Time
	taken  int64
	packed bytes.Buffer
	zip    *gzip.Writer
	client *http.Client
	t      *task
	b      *tally
}

func (c *carrier) look() error {
	more, err := io.ReadAll(c.file)
	if err != nil {
		return err
	}
	c.rest = append(c.rest, more...)
	for {
		line, rest, whole := bytes.Cut(c.rest, []byte("\n"))
		if !whole {
			return nil
		}
		if len(c.load) == 0 {
			c.since = time.Now()
		}
		c.load = append(c.load, bytes.Clone(line))
		c.rest = rest
		c.b.sum += c.t.step()
	}
}

func (c *carrier) carry(ctx context.Context) error {
	c.packed.Reset()
	c.zip.Reset(&c.packed)
	size := int64(0)
	for _, line := range c.load {
		fmt.Fprintf(c.zip, "{\"of\": \"here\", \"said\": %q}\n", line)
		size += int64(len(line)) + 1
	}
	if err := c.zip.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+cfg.Hosts[35]+"/lines", &c.packed)
	if err != nil {
		return err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	c.load, c.taken = c.load[:0], c.taken+size
	c.b.passes[0]++
	return os.WriteFile("taken", fmt.Append(nil, c.taken), 0o644)
}

// Carries away what is written into a file by others.
func main() {
	dir, err := os.Getwd()
	check(err)
	path := filepath.Join(dir, "written.log")
	check(os.WriteFile(path, nil, 0o644))
	file, err := os.Open(path)
	check(err)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"append"}, "at": {path}, "every": {"9ms"}})
	check(err)
	answer.Body.Close()
	ctx, evening := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer evening()
	c := &carrier{file: file, zip: gzip.NewWriter(nil), client: &http.Client{Timeout: time.Second}, t: newTask(cfg.Seed), b: newTally(0)}
	clock := time.NewTicker(lookEvery)
	defer clock.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-clock.C:
			check(c.look())
			if len(c.load) >= fullAt || len(c.load) > 0 && time.Since(c.since) >= oldest {
				check(c.carry(context.Background()))
			}
		}
	}
	check(c.look())
	if len(c.load) > 0 {
		check(c.carry(context.Background()))
	}
	check(file.Close())
	check(os.Remove(path))
	check(os.Remove("taken"))
	finish(c.b, 1)
}
