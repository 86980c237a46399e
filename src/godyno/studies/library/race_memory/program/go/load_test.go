// Package racememory holds memory of one kind, so that what the race detector adds to it can be seen.
package racememory

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

func number(name string, fallback float64) float64 {
	if value, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		return value
	}
	return fallback
}

// TestLoad does what LOAD_KIND says with LOAD_SIZE MiB (or thousands of objects), varied by LOAD_VARY at random.
func TestLoad(t *testing.T) {
	fmt.Fprintln(os.Stderr, "GOMAXPROCS", runtime.GOMAXPROCS(0))
	size := number("LOAD_SIZE", 16)
	size *= 1 + number("LOAD_VARY", 0)*rand.New(rand.NewSource(time.Now().UnixNano())).NormFloat64()
	switch kind := os.Getenv("LOAD_KIND"); kind {
	case "heap", "sparse", "untouched":
		step := map[string]int{"heap": 8, "sparse": 4096, "untouched": 1 << 30}[kind]
		var held [][]uint64
		for left := size * 1024; left > 0; left -= 256 { // chunks of 256 KiB
			chunk := make([]uint64, 256<<10/8)
			for at := 0; at < len(chunk); at += max1(step / 8) {
				chunk[at] = uint64(at)
			}
			held = append(held, chunk)
		}
		time.Sleep(50 * time.Millisecond)
		runtime.KeepAlive(held)
	case "goroutines":
		var group sync.WaitGroup
		stop := make(chan struct{})
		for i := 0; i < int(size*1000); i++ {
			group.Add(1)
			go func() { defer group.Done(); <-stop }()
		}
		time.Sleep(50 * time.Millisecond)
		close(stop)
		group.Wait()
	case "sync":
		locks := make([]sync.Mutex, int(size*1000))
		for i := range locks {
			locks[i].Lock()
			locks[i].Unlock()
		}
		runtime.KeepAlive(locks)
	case "garbage":
		// Several goroutines make short-lived trees beside a heap that lives: the peak depends on when collections run.
		kept := make([][]uint64, int(size*16))
		for i := range kept {
			kept[i] = make([]uint64, 8<<10)
			kept[i][0] = 1
		}
		var group sync.WaitGroup
		for worker := 0; worker < 4; worker++ {
			group.Add(1)
			go func(worker int) {
				defer group.Done()
				for i := 0; i < int(size*20); i++ {
					chunk := make([]uint64, 8<<10)
					for at := range chunk {
						chunk[at] = uint64(i)
					}
				}
			}(worker)
		}
		group.Wait()
		runtime.KeepAlive(kept)
	default:
		t.Skip("LOAD_KIND says nothing")
	}
}

func max1(value int) int {
	if value < 1 {
		return 1
	}
	return value
}
