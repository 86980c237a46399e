// Each goroutine waits for something else, until there is nothing more on stdin.
package main

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

type shelf struct{ mu sync.Mutex }

func (s *shelf) take()   { s.mu.Lock() }
func rest()              { time.Sleep(time.Hour) }
func receive(c chan int) { <-c }
func choose(a, b chan int) {
	select {
	case <-a:
	case <-b:
	}
}
func readPipe(f *os.File) { f.Read(make([]byte, 1)) }
func readBlocked(fd int)  { syscall.Read(fd, make([]byte, 1)) }
func deep(n int, c chan int) {
	if n == 0 {
		<-c
		return
	}
	deep(n-1, c)
}

func main() {
	var s shelf
	s.mu.Lock()
	nothing := make(chan int)
	r, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	go s.take()
	go rest()
	go receive(nothing)
	go choose(nothing, nothing)
	go readPipe(r)
	go readBlocked(fds[0])
	go deep(40, nothing)
	time.Sleep(50 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
