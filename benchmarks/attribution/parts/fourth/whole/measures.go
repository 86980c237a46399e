package main

/*
#cgo LDFLAGS: -lm
#include <math.h>
static double measured(double v) { return cbrt(v) + lgamma(1 + v); }
*/
import "C"

// Takes a measure by an old rule now and then.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for !over() {
		v := t.step()
		for i := range uint64(12) {
			b.sum += uint64(C.measured(C.double(v>>(i+9)&1023)) * 8)
		}
		b.passes[0]++
	}
	finish(b, 1)
}
