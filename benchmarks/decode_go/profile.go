// Profile writes a heap profile of about 2^DEPTH stacks, gzipped as the runtime writes it.
//
//	profile FILE DEPTH
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
)

var kept [][]byte

//go:noinline
func left(depth int) { grow(depth) }

//go:noinline
func right(depth int) { grow(depth) }

//go:noinline
func grow(depth int) {
	if depth == 0 {
		kept = append(kept, make([]byte, 64))
		return
	}
	left(depth - 1)
	right(depth - 1)
}

func main() {
	runtime.MemProfileRate = 1
	depth, _ := strconv.Atoi(os.Args[2])
	grow(depth)
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.GC()
	if err := pprof.Lookup("heap").WriteTo(f, 0); err != nil {
		panic(err)
	}
	f.Close()
}
