package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
)

// Orders that go out sealed, each as if it were the first.
type unit struct {
	client *http.Client
	got    int64
}

func newUnit() *unit {
	return &unit{client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
}

func (u *unit) order(text string) error {
	request, err := http.NewRequest(http.MethodPost, "https://"+cfg.Hosts[2]+"/orders", strings.NewReader(text))
	if err != nil {
		return err
	}
	request.Close = true
	answer, err := u.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	u.got += n
	return err
}

func (u *unit) pass() { check(u.order(`{"what": "bread", "many": 3}`)) }

func (u *unit) end() {}
