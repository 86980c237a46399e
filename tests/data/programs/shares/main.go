// Spends CPU time in three functions in the ratio 6:3:1, by the clock of the thread, not by counting turns.
package main

import (
	"flag"
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

var sink uint64

func threadCPU() time.Duration {
	var ts syscall.Timespec
	const clockThreadCPU = 3
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}

//go:noinline
func six(n uint64) { spin(n) }

//go:noinline
func three(n uint64) { spin(n) }

//go:noinline
func one(n uint64) { spin(n) }

// spin is small enough to be inlined, so that profiles must name an inlined frame.
func spin(n uint64) {
	for i := uint64(0); i < n; i++ {
		sink = sink*6364136223846793005 + i
	}
}

func main() {
	last := flag.Duration("for", time.Second, "CPU time to spend")
	flag.Parse()
	runtime.LockOSThread()
	const turn = 100_000
	var spent [3]time.Duration
	weights := [3]time.Duration{6, 3, 1}
	run := [3]func(uint64){six, three, one}
	for {
		least := 0
		for i := range spent {
			if spent[i]*weights[least] < spent[least]*weights[i] {
				least = i
			}
		}
		before := threadCPU()
		run[least](turn)
		spent[least] += threadCPU() - before
		if spent[0]+spent[1]+spent[2] >= *last {
			break
		}
	}
	fmt.Println(spent[0].Seconds(), spent[1].Seconds(), spent[2].Seconds())
}
