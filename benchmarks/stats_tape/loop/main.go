// Command loop turns an xorshift register the given number of times: CPU work that neither allocates nor waits.
package main

import (
	"os"
	"runtime"
	"strconv"
)

// The kernel's account of one thread (/proc/PID/schedstat) then covers all the work.
func init() { runtime.LockOSThread() }

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	x := uint64(88172645463325252)
	for i := 0; i < n || n < 0; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 {
		os.Exit(1)
	}
}
