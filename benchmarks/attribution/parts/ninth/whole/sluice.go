package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

var wanted = regexp.MustCompile(`^(\d+) something was (\w+), the (\d+)th of all`)

// sluice lets pass what is wanted, and what comes again and again only once in a while.
type sluice struct {
	out    *bufio.Writer
	last   map[string]int
	t      *task
	b      *tally
	passed int
}

func (s *sluice) line(line string) error {
	s.b.passes[0]++
	for range 3 {
		s.b.sum += s.t.step()
	}
	found := wanted.FindStringSubmatch(line)
	if found == nil || s.b.passes[0]-s.last[found[1][:1]] < 3 {
		return nil
	}
	s.last[found[1][:1]] = s.b.passes[0]
	s.passed++
	fmt.Fprintf(s.out, "%s: %s\n", found[2], found[3])
	return s.out.Flush()
}

// Filters what another shows of a file that grows, line by line as it comes.
func main() {
	dir, err := os.Getwd()
	check(err)
	path := filepath.Join(dir, "stream.log")
	check(os.WriteFile(path, nil, 0o644))
	tail := exec.Command("tail", "-n", "+1", "-f", path)
	shown, err := tail.StdoutPipe()
	check(err)
	check(tail.Start())
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"append"}, "at": {path}, "every": {"24ms"}})
	check(err)
	answer.Body.Close()
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { tail.Process.Signal(syscall.SIGTERM) })
	s := &sluice{out: bufio.NewWriter(os.Stdout), last: map[string]int{}, t: newTask(cfg.Seed), b: newTally(0)}
	lines := bufio.NewScanner(shown)
	for lines.Scan() {
		check(s.line(lines.Text()))
	}
	check(lines.Err())
	tail.Wait()
	check(os.Remove(path))
	s.b.sum += uint64(s.passed)
	finish(s.b, 1)
}
