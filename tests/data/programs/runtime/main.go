// Runtime does, in less than a second, one of everything that the Go runtime tells of.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var (
	sink []byte
	keep [][]byte
)

//go:noinline
func spin(d time.Duration) (n int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := 0; i < 1000; i++ {
			n += i
		}
	}
	return n
}

//go:noinline
func blocked(c chan int) { <-c }

func main() {
	ctx, task := trace.NewTask(context.Background(), "the task")
	c := make(chan int)
	go blocked(c)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); spin(100 * time.Millisecond) }()
	}
	for i := 0; i < 200; i++ {
		sink = make([]byte, 1<<17)
		keep = append(keep, sink)
	}
	runtime.GC()
	trace.WithRegion(ctx, "the region", func() { time.Sleep(20 * time.Millisecond) })
	r, w, _ := os.Pipe()
	go func() { time.Sleep(30 * time.Millisecond); w.Write([]byte{1}) }()
	r.Read(make([]byte, 1))
	wg.Wait()
	c <- 1
	task.End()
	trace.Log(ctx, "category", "last words")
}
