package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// heat is what is seen of somebody at work, from outside.
type heat struct {
	at    time.Duration
	user  int
	pages int
}

type kiln struct {
	cmd   *exec.Cmd
	seen  []heat
	t     *task
	b     *tally
	since time.Time
}

func (k *kiln) look() error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", k.cmd.Process.Pid))
	if err != nil {
		return err
	}
	_, after, ok := bytes.Cut(text, []byte(") "))
	fields := bytes.Fields(after)
	if !ok || len(fields) < 22 {
		return fmt.Errorf("not to be read: %q", text)
	}
	user, err := strconv.Atoi(string(fields[11]))
	if err != nil {
		return err
	}
	pages, err := strconv.Atoi(string(fields[21]))
	if err != nil {
		return err
	}
	k.seen = append(k.seen, heat{time.Since(k.since), user, pages})
	k.b.sum += k.t.step() + k.t.step()
	k.b.passes[0]++
	return nil
}

// steady says whether it needed no more room at the end than in the middle.
func (k *kiln) steady() bool {
	n := len(k.seen)
	return n < 4 || k.seen[n-1].pages <= k.seen[n/2].pages+64
}

// Burns something in for as long as is prescribed, looks at it now and then meanwhile, and stops it.
func main() {
	ctx, done := context.WithDeadline(context.Background(), began.Add(time.Duration(cfg.Span*1e9)))
	defer done()
	k := &kiln{t: newTask(cfg.Seed), b: newTally(0), since: time.Now()}
	k.cmd = exec.CommandContext(ctx, "sh", "-c", "ulimit -t 60; while :; do :; done")
	k.cmd.Cancel = func() error { return k.cmd.Process.Signal(syscall.SIGTERM) }
	check(k.cmd.Start())
	gone := make(chan error, 1)
	go func() { gone <- k.cmd.Wait() }()
	look := time.NewTicker(90 * time.Millisecond)
	defer look.Stop()
	for burning := true; burning; {
		select {
		case err := <-gone:
			if burning = false; ctx.Err() == nil {
				check(fmt.Errorf("broke too early: %w", err))
			}
		case <-look.C:
			if ctx.Err() == nil {
				check(k.look())
			}
		}
	}
	if !k.steady() {
		fmt.Println("it swelled")
	}
	finish(k.b, 1)
}
