package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// helpers do what they are given, so many at a time, and remember what went wrong.
type helpers struct {
	all  sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (h *helpers) give(f func() error) {
	h.all.Add(1)
	go func() {
		defer h.all.Done()
		if err := f(); err != nil {
			h.mu.Lock()
			h.errs = append(h.errs, err)
			h.mu.Unlock()
		}
	}()
}

func (h *helpers) done() error {
	h.all.Wait()
	return errors.Join(h.errs...)
}

// What is to be kept is put into four chests, and is kept when it lies in all.
type unit struct {
	chests [4]*os.File
	n      int64
}

func newUnit() *unit {
	u := &unit{}
	for i := range u.chests {
		file, err := os.Create(fmt.Sprintf("chest%d", i))
		check(err)
		check(file.Truncate(1 << 20))
		check(file.Sync())
		u.chests[i] = file
	}
	return u
}

func (u *unit) keep(text []byte) error {
	var h helpers
	at := u.n % 200 * 5000
	u.n++
	for _, file := range u.chests {
		h.give(func() error {
			if _, err := file.WriteAt(text, at); err != nil {
				return err
			}
			return file.Sync()
		})
	}
	return h.done()
}

func (u *unit) pass() {
	text := fmt.Appendf(nil, "the %dth thing that is to be kept", u.n)
	check(u.keep(text))
}

func (u *unit) end() {
	for _, file := range u.chests {
		file.Close()
	}
}
