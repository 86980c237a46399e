package main

import (
	"math/rand"
	"os"
	"sync"
	"syscall"
)

// What is wanted lies on three shelves, and somebody goes to each.
type unit struct {
	file *os.File
	sums [3]int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	return &unit{file: file}
}

func (u *unit) fetch(i int) {
	page := make([]byte, 16<<10)
	for range 10 {
		at := rand.Int63n(16000) << 14
		syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), uintptr(at), 16<<10, 4, 0, 0)
		n, err := u.file.ReadAt(page, at)
		check(err)
		u.sums[i] += n + int(page[i])
	}
}

func (u *unit) pass() {
	var all sync.WaitGroup
	for i := range u.sums {
		all.Add(1)
		go func() {
			defer all.Done()
			u.fetch(i)
		}()
	}
	all.Wait()
}

func (u *unit) end() { u.file.Close() }
