package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
static double rows[2][4096];
static void *half(void *row) {
	double *r = row;
	for (int round = 0; round < 300; round++)
		for (int i = 1; i < 4095; i++) r[i] = (r[i - 1] + r[i] * 2 + r[i + 1]) * 0.25 + 1e-9 * i;
	return 0;
}
static double both(void) {
	pthread_t other;
	pthread_create(&other, 0, half, rows[1]);
	half(rows[0]);
	pthread_join(other, 0);
	return rows[0][100] + rows[1][4000];
}
*/
import "C"

type unit struct{ sum C.double }

func newUnit() *unit { return &unit{} }

func (u *unit) pass() { u.sum += C.both() }

func (u *unit) end() {}
