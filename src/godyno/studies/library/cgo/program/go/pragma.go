//go:build go1.24

package main

/*
#cgo noescape light
#cgo nocallback light
static void light(void) {}
*/
import "C"

func init() {
	pragma = func(n int) {
		for i := 0; i < n; i++ {
			C.light()
		}
	}
}
