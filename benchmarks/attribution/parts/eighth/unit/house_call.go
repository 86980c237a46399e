package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Calls somebody to the house for every single thing.
type unit struct{ n, sum int }

func newUnit() *unit { return &unit{} }

func (u *unit) squared(n int) (int, error) {
	var said bytes.Buffer
	tool := exec.Command("sh", "-c", "read x; echo $((x * x))")
	tool.Stdin, tool.Stdout = strings.NewReader(fmt.Sprintln(n)), &said
	if err := tool.Run(); err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(said.String()))
}

func (u *unit) pass() {
	for range 2 {
		u.n++
		v, err := u.squared(u.n % 1000)
		check(err)
		u.sum += v
	}
}

func (u *unit) end() {}
