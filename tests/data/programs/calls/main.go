// Makes known system calls, sleeps for known times, and touches a known amount of memory.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

var kept []byte

//go:noinline
func touch(bytes int) {
	memory, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	_ = syscall.Madvise(memory, 15) // MADV_NOHUGEPAGE: a fault for each page
	for i := 0; i < bytes; i += 4096 {
		memory[i] = 1
	}
	kept = memory
}

func main() {
	runtime.LockOSThread()
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	fd := int(null.Fd())
	for i := 0; i < 500; i++ {
		if _, err := syscall.Write(fd, []byte("x")); err != nil {
			panic(err)
		}
	}
	for i := 0; i < 5; i++ {
		nap := syscall.NsecToTimespec(60_000_000)
		for syscall.Nanosleep(&nap, &nap) == syscall.EINTR {
		}
	}
	touch(64 << 20)
	if _, err := os.Open("/does/not/exist"); err == nil {
		panic("it exists")
	}
	fmt.Println("done", len(kept))
}
