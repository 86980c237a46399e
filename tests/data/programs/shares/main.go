// Spends CPU time in three functions in the ratio 6:3:1, by the clock of the thread, not by counting turns.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
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

// schedstat gives CLOCK_MONOTONIC and what the kernel has accounted for this thread: ns on a CPU, ns waiting for one.
func schedstat() string {
	var ts syscall.Timespec
	const clockMonotonic = 1
	text, err := os.ReadFile("/proc/thread-self/schedstat")
	if err != nil {
		text = []byte("0 0 0")
	}
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
	fields := strings.Fields(string(text))
	return fmt.Sprint(ts.Nano(), " ", fields[0], " ", fields[1])
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
	before := schedstat()
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
		began := threadCPU()
		run[least](turn)
		spent[least] += threadCPU() - began
		if spent[0]+spent[1]+spent[2] >= *last {
			break
		}
	}
	after := schedstat()
	fmt.Println(spent[0].Seconds(), spent[1].Seconds(), spent[2].Seconds())
	fmt.Println(before, after)
}
