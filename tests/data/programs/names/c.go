package main

/*
#cgo CFLAGS: -O1 -fno-omit-frame-pointer
static unsigned long state;
__attribute__((noinline)) static void burn_in_c(void) {
	for (int i = 0; i < 1000000; i++) state = state * 3 + i;
}
__attribute__((noinline)) static unsigned long called_from_go(void) { burn_in_c(); return state; }
*/
import "C"

func burnInC() { sink += uint64(C.called_from_go()) }
