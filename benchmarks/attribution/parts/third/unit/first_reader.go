package main

import (
	"crypto/sha512"
	"sync"
)

type chapter struct {
	once sync.Once
	sum  [64]byte
}

func (c *chapter) read(begun chan<- bool) byte {
	c.once.Do(func() {
		begun <- true
		for range 12000 {
			c.sum = sha512.Sum512(c.sum[:])
		}
	})
	return c.sum[5]
}

// Whoever opens a chapter first has to cut its pages.
type unit struct {
	chapters chan *chapter
	begun    chan bool
	sum      int
}

func newUnit() *unit {
	u := &unit{chapters: make(chan *chapter, 1), begun: make(chan bool)}
	go func() {
		for c := range u.chapters {
			c.read(u.begun)
		}
	}()
	return u
}

func (u *unit) pass() {
	c := &chapter{}
	u.chapters <- c
	<-u.begun
	u.sum += int(c.read(u.begun))
}

func (u *unit) end() { close(u.chapters) }
