package main

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

const stretch = 256 << 10

// Two lanes, each of which takes its half past whatever lies in between.
type unit struct {
	fd    int
	cargo [2][]byte
	n     int64
	errs  [2]error
}

// whole gives room that begins where a page does.
func whole(size int) []byte {
	room := make([]byte, size+4096)
	skip := 4096 - int(uintptr(unsafe.Pointer(&room[0]))&4095)
	return room[skip : skip+size]
}

func newUnit() *unit {
	check(os.WriteFile("lanes", make([]byte, 8<<20), 0o644))
	fd, err := syscall.Open("lanes", os.O_WRONLY|syscall.O_DIRECT, 0)
	check(err)
	check(syscall.Fsync(fd))
	return &unit{fd: fd, cargo: [2][]byte{whole(stretch), whole(stretch)}}
}

func (u *unit) pass() {
	var both sync.WaitGroup
	for i, cargo := range u.cargo {
		both.Go(func() {
			for k := range int64(4) {
				cargo[k]++
				at := (u.n*7 + k) % 16 * stretch
				if _, err := syscall.Pwrite(u.fd, cargo, at+int64(i)<<22); err != nil {
					u.errs[i] = err
				}
			}
		})
	}
	both.Wait()
	check(u.errs[0])
	check(u.errs[1])
	u.n++
}

func (u *unit) end() { syscall.Close(u.fd) }
