package main

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// team runs errands, so many at a time, and says what went wrong first.
type team struct {
	all   sync.WaitGroup
	room  chan struct{}
	once  sync.Once
	wrong error
}

func (t *team) run(f func() error) {
	t.room <- struct{}{}
	t.all.Add(1)
	go func() {
		defer func() { <-t.room; t.all.Done() }()
		if err := f(); err != nil {
			t.once.Do(func() { t.wrong = err })
		}
	}()
}

func (t *team) wait() error {
	t.all.Wait()
	return t.wrong
}

// Three lots of something, fetched by a team.
type unit struct {
	client http.Client
	sizes  [3]int64
}

func newUnit() *unit {
	return &unit{client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
}

func (u *unit) pass() {
	t := team{room: make(chan struct{}, 3)}
	for i := range u.sizes {
		t.run(func() error {
			answer, err := u.client.Get("http://" + cfg.Hosts[3] + "/lots/" + strconv.Itoa(i))
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, answer.Body)
			u.sizes[i] += n
			return errors.Join(err, answer.Body.Close())
		})
	}
	check(t.wait())
}

func (u *unit) end() { u.client.CloseIdleConnections() }
