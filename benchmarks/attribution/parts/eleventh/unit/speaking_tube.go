package main

import (
	"io"
	"os"
	"sync"
	"time"
)

// Speaks through a tube to the kitchen, and hears through another what there is.
type unit struct {
	say, hear *os.File
	cook      sync.WaitGroup
	word      [16]byte
	n         int
	sum       int
}

func newUnit() *unit {
	below, say, err := os.Pipe()
	check(err)
	hear, above, err := os.Pipe()
	check(err)
	u := &unit{say: say, hear: hear}
	u.cook.Go(func() {
		defer below.Close()
		defer above.Close()
		for word := make([]byte, 16); ; {
			if _, err := io.ReadFull(below, word); err != nil {
				return
			}
			time.Sleep(6 * time.Millisecond)
			word[0] += word[15]
			if _, err := above.Write(word); err != nil {
				return
			}
		}
	})
	return u
}

func (u *unit) asked() error {
	if _, err := u.say.Write(u.word[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(u.hear, u.word[:])
	return err
}

func (u *unit) pass() {
	u.n++
	u.word[15] = byte(u.n)
	check(u.asked())
	u.sum += int(u.word[0])
}

func (u *unit) end() {
	u.say.Close()
	u.cook.Wait()
	u.hear.Close()
}
