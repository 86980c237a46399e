// Program task does one piece of work of a kind: task KIND WORK.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

var sink uint64

func spin(work float64) {
	x := uint64(88172645463325252)
	for i := 0; i < int(work*1e6); i++ { // a fixed number of steps, whatever the clock says
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	sink = x
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: task cpu|wait|memory|serve WORK")
		os.Exit(2)
	}
	work, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	switch os.Args[1] {
	case "cpu":
		spin(work)
	case "serve":
		serve(work)
	case "wait":
		time.Sleep(time.Duration(work * float64(time.Millisecond)))
	case "memory":
		held := make([]uint64, 4<<20)
		for round := 0; round < int(work/20)+1; round++ {
			for i := range held {
				held[i] += uint64(i)
			}
		}
		sink = held[len(held)-1]
	}
}
