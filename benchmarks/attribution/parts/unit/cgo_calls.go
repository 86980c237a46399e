package main

/*
#include <ctype.h>
static int lower(int c) { return tolower(c); }
*/
import "C"

type unit struct {
	text []byte
}

func newUnit() *unit { return &unit{[]byte("Where The Wild THYME Blows And Where The Oxlips Grow ")} }

func (u *unit) fold() {
	for i, c := range u.text {
		u.text[i] = byte(C.lower(C.int(c)))
	}
}

func (u *unit) pass() {
	for range 1000 {
		u.fold()
	}
}

func (u *unit) end() {}
