package main

/*
#include <regex.h>
#include <stdlib.h>
#include <string.h>
static regex_t form;
static int learn(const char *text) { return regcomp(&form, text, REG_EXTENDED); }
static int found(const char *text, int long_) {
	int n = 0;
	regmatch_t at[3];
	for (const char *p = text; p < text + long_ && regexec(&form, p, 3, at, 0) == 0; p += at[0].rm_eo > 0 ? at[0].rm_eo : 1) n += at[1].rm_eo - at[1].rm_so;
	return n;
}
*/
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// Has an old scribe look for what is written in a certain form.
type unit struct {
	page *C.char
	size int
	n    int
}

func newUnit() *unit {
	form := C.CString("([a-z]+)@([a-z]+)\\.example")
	defer C.free(unsafe.Pointer(form))
	if C.learn(form) != 0 {
		panic("such a form is not known")
	}
	var page strings.Builder
	for i := range 60 {
		fmt.Fprintf(&page, "line %d is from somebody%d, to nobody@sample.example or else, ", i, i*i)
	}
	return &unit{page: C.CString(page.String()), size: page.Len()}
}

func (u *unit) pass() {
	for range 4 {
		u.n += int(C.found(u.page, C.int(u.size)))
	}
}

func (u *unit) end() { C.free(unsafe.Pointer(u.page)) }
