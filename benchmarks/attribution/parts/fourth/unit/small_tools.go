package main

import (
	"bytes"
	"context"
	"os/exec"
	"time"
)

// Small tools say small things.
type unit struct {
	said bytes.Buffer
	n    int
}

func newUnit() *unit { return &unit{} }

func (u *unit) ask(words ...string) error {
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
	u.said.Write(out)
	return err
}

func (u *unit) pass() {
	u.said.Reset()
	for _, words := range [][]string{{"basename", "/a/b/c.txt"}, {"dirname", "/a/b/c.txt"}, {"printf", "%s", "word"}} {
		check(u.ask(words...))
	}
	u.n += u.said.Len()
}

func (u *unit) end() {}
