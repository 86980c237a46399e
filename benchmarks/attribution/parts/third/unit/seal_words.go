package main

/*
#include <stdlib.h>
#include <string.h>
static unsigned seal(const char *text, unsigned key) {
	for (int i = 0; i < 40000; i++) {
		key ^= (unsigned char)text[i % strlen(text)];
		for (int k = 0; k < 8; k++) key = key & 1 ? key >> 1 ^ 0xedb88320u : key >> 1;
	}
	return key;
}
*/
import "C"

import "unsafe"

type unit struct{ key C.unsigned }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	for _, word := range []string{"a letter to somebody", "an answer from him", "and what came of it"} {
		text := C.CString(word)
		u.key = C.seal(text, u.key)
		C.free(unsafe.Pointer(text))
	}
}

func (u *unit) end() {}
