package main

/*
static double swing(double *at, double *speed, int n, int ticks) {
	const double dt = 0.002;
	double sum = 0;
	for (int t = 0; t < ticks; t++) {
		for (int i = 0; i < n; i++) {
			double left = i ? at[i - 1] : 0, right = i < n - 1 ? at[i + 1] : 0;
			double a = left - at[i], b = right - at[i];
			speed[i] += dt * (a + b + 0.3 * (a * a * a + b * b * b));
		}
		for (int i = 0; i < n; i++) at[i] += dt * speed[i];
		sum += at[n / 2];
	}
	return sum;
}
*/
import "C"

// A row of pendulums that are tied to each other.
type unit struct {
	at, speed [256]C.double
	sum       float64
}

func newUnit() *unit {
	u := &unit{}
	for i := range u.at {
		u.at[i] = C.double(i%17) / 9
	}
	return u
}

func (u *unit) pass() {
	u.sum += float64(C.swing(&u.at[0], &u.speed[0], C.int(len(u.at)), 5000))
}

func (u *unit) end() {}
