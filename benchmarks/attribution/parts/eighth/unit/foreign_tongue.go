package main

/*
#include <iconv.h>
#include <stdlib.h>
static iconv_t tongue(const char *to, const char *from) { return iconv_open(to, from); }
static long say(iconv_t how, char *from, long size, char *to, long room) {
	size_t left = size, more = room;
	char *in = from, *out = to;
	if (iconv(how, &in, &left, &out, &more) == (size_t)-1) return -1;
	return room - (long)more;
}
static long both(iconv_t there, iconv_t back, char *from, long size, char *middle, char *to, long room) {
	long n = say(there, from, size, middle, room);
	return n < 0 ? n : say(back, middle, n, to, room);
}
*/
import "C"

import (
	"strings"
	"unsafe"
)

const roomy = 256 << 10

// Has a text put into a foreign tongue and back again.
type unit struct {
	there, back         C.iconv_t
	text, middle, again *C.char
	size                C.long
	n                   int
}

func newUnit() *unit {
	ours, theirs := C.CString("UTF-8"), C.CString("UTF-16LE")
	defer C.free(unsafe.Pointer(ours))
	defer C.free(unsafe.Pointer(theirs))
	text := strings.Repeat("zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; ", 700)
	return &unit{
		C.tongue(theirs, ours), C.tongue(ours, theirs), C.CString(text), (*C.char)(C.malloc(roomy)), (*C.char)(C.malloc(roomy)),
		C.long(len(text)), 0,
	}
}

func (u *unit) pass() {
	for range 4 {
		n := C.both(u.there, u.back, u.text, u.size, u.middle, u.again, roomy)
		if n != u.size {
			panic("something was lost")
		}
		u.n += int(n)
	}
}

func (u *unit) end() {
	for _, p := range []*C.char{u.text, u.middle, u.again} {
		C.free(unsafe.Pointer(p))
	}
	C.iconv_close(u.there)
	C.iconv_close(u.back)
}
