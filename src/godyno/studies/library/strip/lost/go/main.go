// A program that is looked at with other tools: it panics, or keeps a processor busy and profiles itself.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

//go:noinline
func inner(depth int) int {
	if depth == 0 {
		panic("on purpose")
	}
	return outer(depth-1) + 1
}

//go:noinline
func outer(depth int) int { return inner(depth) + 1 }

//go:noinline
func spin(until time.Time) (n uint64) {
	for time.Now().Before(until) {
		for i := uint64(0); i < 200000; i++ {
			n = n*6364136223846793005 + i
		}
	}
	return n
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "spin" {
		if len(os.Args) > 2 {
			out, err := os.Create(os.Args[2])
			if err != nil {
				panic(err)
			}
			defer out.Close()
			if err := pprof.StartCPUProfile(out); err != nil {
				panic(err)
			}
			defer pprof.StopCPUProfile()
		}
		fmt.Println(spin(time.Now().Add(400 * time.Millisecond)))
		return
	}
	fmt.Println(outer(3))
}
