package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
)

type page struct {
	Items []int  `json:"items"`
	Next  string `json:"next"`
}

// Turns the pages of a list that somebody else keeps; each says where the next one begins.
type unit struct {
	client http.Client
	from   string
	sum    int
}

func newUnit() *unit { return &unit{from: "0"} }

func (u *unit) get(from string) (p page, err error) {
	answer, err := u.client.Get("http://" + cfg.Hosts[20] + "/page?" + url.Values{"from": {from}}.Encode())
	if err != nil {
		return p, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return p, fmt.Errorf("page from %s: %s", from, answer.Status)
	}
	return p, json.NewDecoder(answer.Body).Decode(&p)
}

func (u *unit) items() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for {
			p, err := u.get(u.from)
			if err != nil {
				yield(0, err)
				return
			}
			u.from = p.Next
			for _, one := range p.Items {
				if !yield(one, nil) {
					return
				}
			}
		}
	}
}

func (u *unit) pass() {
	n := 0
	for one, err := range u.items() {
		check(err)
		u.sum += one
		if n++; n == 7 {
			break
		}
	}
}

func (u *unit) end() {}
