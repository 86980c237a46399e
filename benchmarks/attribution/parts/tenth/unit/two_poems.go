package main

/*
static long alike(const unsigned char *a, long n, const unsigned char *b, long m, int *row) {
	long best = 0;
	for (long k = 0; k <= m; k++) row[k] = 0;
	for (long i = 1; i <= n; i++) {
		int corner = 0;
		for (long k = 1; k <= m; k++) {
			int up = row[k], v = corner + (a[i - 1] == b[k - 1] ? 3 : -2);
			if (up - 4 > v) v = up - 4;
			if (row[k - 1] - 4 > v) v = row[k - 1] - 4;
			if (v < 0) v = 0;
			corner = up;
			row[k] = v;
			if (v > best) best = v;
		}
	}
	return best;
}
*/
import "C"

import "unsafe"

// Finds what two poems have in common.
type unit struct {
	one, other []byte
	row        []C.int
	n          uint32
	sum        int64
}

func newUnit() *unit {
	u := &unit{one: make([]byte, 1500), other: make([]byte, 1800), n: 9}
	u.row = make([]C.int, len(u.other)+1)
	for i := range u.one {
		u.one[i] = u.letter()
	}
	for i := range u.other {
		u.other[i] = u.letter()
	}
	return u
}

func (u *unit) letter() byte {
	u.n = u.n*1664525 + 1013904223
	return "aceinrst"[u.n>>20%8]
}

func (u *unit) pass() {
	u.one[u.n>>9%uint32(len(u.one))] = u.letter()
	u.sum += int64(C.alike(
		(*C.uchar)(unsafe.Pointer(&u.one[0])), C.long(len(u.one)), (*C.uchar)(unsafe.Pointer(&u.other[0])), C.long(len(u.other)), &u.row[0],
	))
}

func (u *unit) end() {}
