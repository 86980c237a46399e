package main

import (
	"syscall"
	"unsafe"
)

type knob struct {
	fd     int32
	events int16
	turned int16
}

// Two hundred knobs, and somebody who looks which of them is being turned.
type unit struct {
	knobs []knob
	n     uint64
}

func newUnit() *unit {
	u := &unit{}
	for range 200 {
		fd, _, errno := syscall.Syscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		if errno != 0 {
			check(errno)
		}
		u.knobs = append(u.knobs, knob{fd: int32(fd), events: 1})
	}
	return u
}

// look finds those that are turned right now.
func (u *unit) look(f func(k *knob) error) error {
	var now syscall.Timespec
	n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&u.knobs[0])), uintptr(len(u.knobs)), uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	for i := 0; i < len(u.knobs) && n > 0; i++ {
		if k := &u.knobs[i]; k.turned != 0 {
			if err := f(k); err != nil {
				return err
			}
			n--
		}
	}
	return nil
}

func (u *unit) pass() {
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	for range 300 {
		_, err := syscall.Write(int(u.knobs[u.n%20].fd), one)
		check(err)
		check(u.look(func(k *knob) error {
			var room [8]byte
			_, err := syscall.Read(int(k.fd), room[:])
			u.n += uint64(room[0]) * 7
			return err
		}))
	}
}

func (u *unit) end() {
	for _, k := range u.knobs {
		syscall.Close(int(k.fd))
	}
}
