package main

import (
	"bufio"
	"os"
)

// Reads what somebody else delivers.
type unit struct {
	file *os.File
	r    *bufio.Reader
	n    int
}

func newUnit() *unit {
	file, err := os.OpenFile(cfg.Hosts[5], os.O_RDONLY, 0)
	check(err)
	return &unit{file: file, r: bufio.NewReaderSize(file, 64)}
}

func (u *unit) pass() {
	line, err := u.r.ReadString('\n')
	check(err)
	u.n += len(line)
}

func (u *unit) end() { u.file.Close() }
