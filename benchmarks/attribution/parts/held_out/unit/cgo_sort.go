package main

/*
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int median(int n, unsigned seed) {
	int *all = malloc(n * sizeof *all);
	for (int i = 0; i < n; i++) all[i] = (seed = seed * 1103515245u + 12345u) >> 8;
	qsort(all, n, sizeof *all, compare);
	int found = all[n / 2];
	free(all);
	return found;
}
*/
import "C"

type unit struct{ n C.int }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() { u.n ^= C.median(20000, C.uint(u.n)) }

func (u *unit) end() {}
