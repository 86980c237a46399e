package main

import "os"

// Hands pages over to somebody who is slow to take them.
type unit struct {
	file *os.File
	page [4096]byte
}

func newUnit() *unit {
	file, err := os.OpenFile(cfg.Hosts[6], os.O_WRONLY, 0)
	check(err)
	return &unit{file: file}
}

func (u *unit) pass() {
	for range 2 {
		u.page[7]++
		_, err := u.file.Write(u.page[:])
		check(err)
	}
}

func (u *unit) end() { u.file.Close() }
