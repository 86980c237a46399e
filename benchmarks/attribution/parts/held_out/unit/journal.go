package main

import "os"

type unit struct {
	file *os.File
	n    int
}

func newUnit() *unit {
	name, err := os.MkdirTemp(".", "")
	check(err)
	file, err := os.OpenFile(name+"/log", os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_SYNC, 0o644)
	check(err)
	return &unit{file: file}
}

func (u *unit) pass() {
	entry := make([]byte, 300)
	for i := range 12 {
		entry[i] = byte(u.n)
		_, err := u.file.Write(entry)
		check(err)
		u.n++
	}
}

func (u *unit) end() { u.file.Close() }
