package main

import (
	"os"
	"syscall"
)

const (
	stretch = 1 << 20
	long    = 4
)

// Records on a loop of tape, over what was recorded a round before.
type unit struct {
	tape  int
	sound []byte
	n     int
}

func newUnit() *unit {
	tape, err := syscall.Open("tape", os.O_WRONLY|os.O_CREATE|syscall.O_DIRECT, 0o644)
	check(err)
	sound, err := syscall.Mmap(-1, 0, stretch, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	u := &unit{tape: tape, sound: sound}
	for at := range long {
		check(u.record(at))
	}
	return u
}

func (u *unit) record(at int) error {
	u.sound[u.n%stretch]++
	_, err := syscall.Pwrite(u.tape, u.sound, int64(at*stretch))
	return err
}

func (u *unit) pass() {
	for range 3 {
		u.n++
		check(u.record(u.n % long))
	}
}

func (u *unit) end() {
	syscall.Close(u.tape)
	os.Remove("tape")
	syscall.Munmap(u.sound)
}
