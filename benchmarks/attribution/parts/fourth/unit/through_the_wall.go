package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

// One on the other side of a wall talks slowly.
type unit struct {
	ear  *bufio.Scanner
	said *os.File
	n    int
}

func newUnit() *unit {
	ear, mouth, err := os.Pipe()
	check(err)
	go func() {
		defer mouth.Close()
		for n := 0; ; n++ {
			time.Sleep(7 * time.Millisecond)
			if _, err := fmt.Fprintln(mouth, "word", n); err != nil {
				return
			}
		}
	}()
	return &unit{ear: bufio.NewScanner(ear), said: ear}
}

func (u *unit) pass() {
	u.ear.Scan()
	check(u.ear.Err())
	u.n += len(u.ear.Bytes())
}

func (u *unit) end() { u.said.Close() }
