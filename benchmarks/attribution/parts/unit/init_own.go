package main

import (
	"regexp"
	"strconv"
	"time"
)

// Patterns are ready before anything is asked.
var patterns = prepare()

func prepare() []*regexp.Regexp {
	at := time.Now()
	var all []*regexp.Regexp
	for i := 0; time.Since(at).Seconds() < cfg.Mix[0]*cfg.Span; i++ {
		p := regexp.MustCompile(`^(\w+` + strconv.Itoa(i) + `|[a-f]{2,8}x?){1,40}(\d+\.)*$`)
		if i < 100 {
			all = append(all, p)
		}
	}
	early = time.Since(at).Seconds()
	return all
}

type unit struct{ n int }

func newUnit() *unit { return &unit{len(patterns)} }

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
