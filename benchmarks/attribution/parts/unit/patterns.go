package main

import "regexp"

// Checks addresses against a rule.
type unit struct {
	rule  *regexp.Regexp
	names []string
	n     int
}

func newUnit() *unit {
	return &unit{
		rule:  regexp.MustCompile(`^([a-z]+|[a-z.]+)+@([a-z]+\.)+[a-z]{2,}(\.x)?$`),
		names: []string{"someone.there@mail.example.test", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", "x@y"},
	}
}

func (u *unit) fits(name string) bool { return u.rule.MatchString(name) }

func (u *unit) pass() {
	for i := range 600 {
		if u.fits(u.names[i%3]) {
			u.n++
		}
	}
}

func (u *unit) end() {}
