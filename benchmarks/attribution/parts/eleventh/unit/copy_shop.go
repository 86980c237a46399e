package main

import (
	"errors"
	"os"
	"strconv"
)

var errSpoilt = errors.New("spoilt")

// Has things copied out by somebody who leaves what he has copied on the table.
type unit struct {
	table *os.File
	text  [32]byte
	n     int
	sum   int
}

func newUnit() *unit {
	table, err := os.CreateTemp(".", "table")
	check(err)
	return &unit{table: table}
}

func (u *unit) copied(n int) (int, error) {
	if err := u.table.Truncate(0); err != nil {
		return 0, err
	}
	if _, err := u.table.Seek(0, 0); err != nil {
		return 0, err
	}
	words := []string{"sh", "-c", "i=0; while [ $i -lt 7000 ]; do i=$((i + 1)); done; echo $((i + $0))", strconv.Itoa(n)}
	scribe, err := os.StartProcess("/bin/sh", words, &os.ProcAttr{Files: []*os.File{nil, u.table, os.Stderr}})
	if err != nil {
		return 0, err
	}
	left, err := scribe.Wait()
	if err != nil {
		return 0, err
	}
	if !left.Success() {
		return 0, errSpoilt
	}
	size, err := u.table.ReadAt(u.text[:], 0)
	if size == 0 {
		return 0, err
	}
	return strconv.Atoi(string(u.text[:size-1]))
}

func (u *unit) pass() {
	u.n++
	v, err := u.copied(u.n)
	check(err)
	u.sum += v
}

func (u *unit) end() {
	u.table.Close()
	os.Remove(u.table.Name())
}
