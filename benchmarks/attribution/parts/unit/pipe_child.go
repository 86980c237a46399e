package main

import (
	"bufio"
	"io"
	"os/exec"
)

// A tool that stays up and answers line by line.
type unit struct {
	tool *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	n    int
}

func newUnit() *unit {
	u := &unit{tool: exec.Command("python3", "-u", "-c", "import sys, time\nfor line in sys.stdin:\n time.sleep(.008)\n print(line[::-1])")}
	in, err := u.tool.StdinPipe()
	check(err)
	out, err := u.tool.StdoutPipe()
	check(err)
	u.in, u.out = in, bufio.NewReader(out)
	check(u.tool.Start())
	return u
}

func (u *unit) pass() {
	io.WriteString(u.in, "abcdef\n")
	for range 2 {
		line, err := u.out.ReadString('\n')
		check(err)
		u.n += len(line)
	}
}

func (u *unit) end() { u.in.Close(); u.tool.Wait() }
