package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

type courier struct{ client *http.Client }

func newCourier() *courier {
	return &courier{&http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, TLSHandshakeTimeout: time.Second},
	}}
}

func (c *courier) bring(ctx context.Context, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+cfg.Hosts[2]+"/parcels", bytes.NewReader(text))
	if err != nil {
		return err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// Every parcel has a courier of its own.
type unit struct{ n int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	u.n++
	c := newCourier()
	check(c.bring(context.Background(), map[string]any{"n": u.n, "of": "something"}))
	c.client.CloseIdleConnections()
}

func (u *unit) end() {}
