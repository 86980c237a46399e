package main

/*
#cgo LDFLAGS: -lm
#include <math.h>
struct body { double x, y, z, vx, vy, vz, m; };
static void advance(struct body *b, int n, double dt) {
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++) {
			double dx = b[i].x - b[k].x, dy = b[i].y - b[k].y, dz = b[i].z - b[k].z;
			double d = dx * dx + dy * dy + dz * dz + 0.01, f = dt / (d * sqrt(d));
			b[i].vx -= dx * b[k].m * f; b[i].vy -= dy * b[k].m * f; b[i].vz -= dz * b[k].m * f;
			b[k].vx += dx * b[i].m * f; b[k].vy += dy * b[i].m * f; b[k].vz += dz * b[i].m * f;
		}
	for (int i = 0; i < n; i++) { b[i].x += dt * b[i].vx; b[i].y += dt * b[i].vy; b[i].z += dt * b[i].vz; }
}
static void advance_all(struct body *b, int n, int steps) { while (steps--) advance(b, n, 0.001); }
*/
import "C"

// Moves planets about.
type unit struct {
	bodies [24]C.struct_body
	far    float64
}

func newUnit() *unit {
	u := &unit{}
	for i := range u.bodies {
		u.bodies[i] = C.struct_body{x: C.double(i * 7 % 13), y: C.double(i * 5 % 11), z: C.double(i), m: 1 + C.double(i%3)}
	}
	return u
}

func (u *unit) pass() {
	C.advance_all(&u.bodies[0], C.int(len(u.bodies)), 1500)
	u.far += float64(u.bodies[3].x)
}

func (u *unit) end() {}
