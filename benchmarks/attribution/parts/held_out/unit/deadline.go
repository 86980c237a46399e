package main

import (
	"context"
	"time"
)

// Waits for news, but not for ever.
type unit struct {
	news chan string
	none int
}

func newUnit() *unit { return &unit{news: make(chan string)} }

func (u *unit) pass() {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Millisecond)
	defer cancel()
	select {
	case <-u.news:
	case <-ctx.Done():
		u.none++
	}
}

func (u *unit) end() {}
