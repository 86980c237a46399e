package main

import (
	"bufio"
	"log"
	"strings"
	"time"
)

// far is where the log goes; it takes a while for as much as fits into a boat.
type far struct{ got int }

func (f *far) Write(text []byte) (int, error) {
	time.Sleep(7 * time.Millisecond)
	f.got += len(text)
	return len(text), nil
}

// Everybody writes into one log.
type unit struct {
	log   *log.Logger
	other chan string
	begun chan bool
	far   far
}

type told struct {
	to    *bufio.Writer
	begun chan<- bool
}

func (t told) Write(text []byte) (int, error) {
	if len(text) > 2000 {
		t.begun <- true
	}
	return t.to.Write(text)
}

func newUnit() *unit {
	u := &unit{other: make(chan string), begun: make(chan bool)}
	u.log = log.New(told{bufio.NewWriterSize(&u.far, 8000), u.begun}, "", log.Lmicroseconds)
	go func() {
		for text := range u.other {
			u.log.Print(text)
		}
	}()
	return u
}

var chapter = strings.Repeat("and so on, ", 900)

func (u *unit) pass() {
	u.other <- chapter
	<-u.begun
	u.log.Print("one more was dealt with")
}

func (u *unit) end() { close(u.other) }
