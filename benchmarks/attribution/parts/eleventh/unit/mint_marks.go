package main

import (
	"time"

	"sample/dies"
)

// Looks up by which mark a coin is known.
type unit struct{ n, sum int }

func newUnit() *unit {
	early = dies.Took
	began = began.Add(-time.Duration(early * 1e9))
	return &unit{}
}

func (u *unit) pass() {
	u.n++
	u.sum += int(dies.Marks[u.n%len(dies.Marks)])
}

func (u *unit) end() {}
