package main

import (
	"crypto/sha256"
	"os"
	"sync"
)

type laws struct {
	sync.RWMutex
	text []byte
	sum  [32]byte
}

// amend puts in force what is written, once it is known to be what was meant.
func (l *laws) amend(path string, begun chan<- bool) error {
	l.Lock()
	defer l.Unlock()
	begun <- true
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	l.sum = sha256.Sum256(text)
	var mixed [232]byte
	copy(mixed[32:], text)
	for range 9000 {
		copy(mixed[:], l.sum[:])
		l.sum = sha256.Sum256(mixed[:])
	}
	l.text = text
	return nil
}

type reading interface {
	holds(at int) bool
}

type locked struct {
	sync.Locker
	*laws
}

func (l locked) holds(at int) bool {
	l.Locker.Lock()
	defer l.Locker.Unlock()
	return l.text[at%len(l.text)] > 'm'
}

// Acts by laws that are amended often.
type unit struct {
	laws
	read   reading
	amends chan bool
	begun  chan bool
	n      int
}

func newUnit() *unit {
	u := &unit{amends: make(chan bool), begun: make(chan bool)}
	u.text = make([]byte, 4000)
	check(os.WriteFile("laws.txt", u.text, 0o644))
	u.read = locked{u.RWMutex.RLocker(), &u.laws}
	go func() {
		for range u.amends {
			check(u.amend("laws.txt", u.begun))
		}
	}()
	return u
}

func (u *unit) pass() {
	u.amends <- true
	<-u.begun
	for range 3 {
		if u.n++; u.read.holds(u.n) {
			u.n++
		}
	}
}

func (u *unit) end() { close(u.amends) }
