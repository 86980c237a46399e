package main

import (
	"fmt"
	"strings"
)

type name struct{ first, last string }

// Writes everybody on a list who is not on it yet.
type unit struct {
	come []name
	list []name
	n    int
}

func newUnit() *unit {
	u := &unit{}
	for i := range 1500 {
		u.come = append(u.come, name{fmt.Sprintf("anna%d", i*i%700), fmt.Sprintf("of the house of %d", i%1200)})
	}
	return u
}

func (u *unit) on(one name) bool {
	for _, other := range u.list {
		if strings.EqualFold(other.last, one.last) && other.first == one.first {
			return true
		}
	}
	return false
}

func (u *unit) pass() {
	u.list = u.list[:0]
	for _, one := range u.come {
		if !u.on(one) {
			u.list = append(u.list, one)
		}
	}
	u.n += len(u.list)
}

func (u *unit) end() {}
