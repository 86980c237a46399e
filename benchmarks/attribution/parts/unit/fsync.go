package main

import "os"

type unit struct {
	file *os.File
	line []byte
}

func newUnit() *unit {
	file, err := os.CreateTemp(".", "")
	check(err)
	return &unit{file, make([]byte, 120)}
}

func (u *unit) put(n int) {
	u.line[n%len(u.line)]++
	_, err := u.file.Write(u.line)
	check(err)
	check(u.file.Sync())
}

func (u *unit) pass() {
	for n := range 20 {
		u.put(n)
	}
}

func (u *unit) end() { u.file.Close(); os.Remove(u.file.Name()) }
