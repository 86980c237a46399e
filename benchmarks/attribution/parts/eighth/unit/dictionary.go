package main

import (
	"time"

	"sample/lemmas"
)

type unit struct{ n int }

func newUnit() *unit {
	early = lemmas.Took
	began = began.Add(-time.Duration(early * 1e9))
	return &unit{len(lemmas.Near)}
}

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
