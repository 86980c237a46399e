package main

import (
	"os"
	"runtime/pprof"
)

// main is the decoder's own under a CPU profile, written to $PROFILE.
func main() {
	f, err := os.Create(os.Getenv("PROFILE"))
	if err != nil {
		panic(err)
	}
	pprof.StartCPUProfile(f)
	decoded()
	pprof.StopCPUProfile()
	f.Close()
}
