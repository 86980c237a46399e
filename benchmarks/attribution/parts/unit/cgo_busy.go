package main

/*
#include <stdint.h>
static uint32_t mix(uint32_t *cells, int n, uint32_t key) {
	for (int round = 0; round < 40; round++)
		for (int i = 1; i < n; i++) {
			key = key * 1664525u + 1013904223u;
			cells[i] ^= cells[i - 1] + (key >> (cells[i] & 7));
		}
	return cells[n - 1];
}
*/
import "C"

type unit struct {
	cells [8192]C.uint32_t
	key   C.uint32_t
}

func newUnit() *unit { return &unit{} }

func (u *unit) pass() {
	for range 4 {
		u.key = C.mix(&u.cells[0], C.int(len(u.cells)), u.key+1)
	}
}

func (u *unit) end() {}
