package main

import (
	"io"
	"net/http"
	"sync"
)

type list struct {
	sync.Mutex
	prices map[string]int
}

// renew asks for the prices of today; nobody has any meanwhile.
func (l *list) renew(begun func()) error {
	l.Lock()
	defer l.Unlock()
	begun()
	answer, err := http.Get("http://" + cfg.Hosts[3] + "/prices")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	l.prices["all"] = len(text)
	return err
}

func (l *list) of(what string) int {
	l.Lock()
	defer l.Unlock()
	return l.prices[what]
}

// Looks prices up in a list that somebody keeps up to date.
type unit struct {
	list
	day   chan bool
	begun chan bool
	sum   int
}

func newUnit() *unit {
	u := &unit{list: list{prices: map[string]int{"bread": 3}}, day: make(chan bool, 1), begun: make(chan bool)}
	go func() {
		for range u.day {
			check(u.renew(func() { u.begun <- true }))
		}
	}()
	return u
}

func (u *unit) pass() {
	u.day <- true
	<-u.begun
	u.sum += u.of("bread") + u.of("all")
}

func (u *unit) end() { close(u.day) }
