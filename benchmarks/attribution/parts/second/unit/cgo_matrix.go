package main

/*
static void times(double *a, double *b, double *c, int n) {
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double s = 0.1;
			for (int k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j];
			c[i * n + j] = s / n;
		}
}
*/
import "C"

type unit struct{ a, b, c [120 * 120]C.double }

func newUnit() *unit {
	u := &unit{}
	for i := range u.a {
		u.a[i], u.b[i] = C.double(i%7), C.double(i%11)
	}
	return u
}

func (u *unit) pass() {
	C.times(&u.a[0], &u.b[0], &u.c[0], 120)
	C.times(&u.c[0], &u.b[0], &u.a[0], 120)
}

func (u *unit) end() {}
