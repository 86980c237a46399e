package main

/*
#cgo LDFLAGS: -L${SRCDIR} -lnames -Wl,-rpath,${SRCDIR}
double names_took(void);
int names_known(int);
*/
import "C"

import "time"

type unit struct{ n C.int }

func newUnit() *unit {
	early = float64(C.names_took())
	began = began.Add(-time.Duration(early * 1e9))
	return &unit{C.names_known(3)}
}

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
