package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
)

// Has water boiled, and reads how far it is.
type unit struct {
	kettle *exec.Cmd
	says   *bufio.Scanner
	warm   map[string]int
}

func newUnit() *unit {
	u := &unit{kettle: exec.Command("sh", "-c", "n=0; while sleep 0.012; do n=$((n+1)); echo heat=$n; echo phase=warming; done"), warm: map[string]int{}}
	out, err := u.kettle.StdoutPipe()
	check(err)
	u.says = bufio.NewScanner(out)
	check(u.kettle.Start())
	return u
}

func (u *unit) pass() {
	for u.says.Scan() {
		name, value, _ := strings.Cut(u.says.Text(), "=")
		u.warm[name] += len(value)
		if name == "phase" {
			return
		}
	}
	check(u.says.Err())
}

func (u *unit) end() {
	u.kettle.Process.Signal(os.Kill)
	u.kettle.Wait()
}
