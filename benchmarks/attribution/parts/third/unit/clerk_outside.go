package main

import (
	"bufio"
	"os/exec"
)

// Somebody outside writes down what he sees, and it comes in line by line.
type unit struct {
	clerk *exec.Cmd
	lines chan string
	n     int
}

func newUnit() *unit {
	u := &unit{lines: make(chan string)}
	u.clerk = exec.Command("python3", "-u", "-c", "import time\nwhile True: time.sleep(.007); print('a cart, a horse')")
	out, err := u.clerk.StdoutPipe()
	check(err)
	check(u.clerk.Start())
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			u.lines <- s.Text()
		}
		close(u.lines)
	}()
	return u
}

func (u *unit) pass() { u.n += len(<-u.lines) }

func (u *unit) end() {
	u.clerk.Process.Kill()
	for range u.lines {
	}
	u.clerk.Wait()
}
