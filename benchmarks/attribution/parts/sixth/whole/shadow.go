package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

type shadow struct {
	file *os.File
	r    *bufio.Reader
	rest string
}

// more gives the lines that are whole by now.
func (s *shadow) more(f func(line string)) error {
	for {
		text, err := s.r.ReadString('\n')
		s.rest += text
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		f(s.rest)
		s.rest = ""
	}
}

// Follows what somebody else writes.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	path, err := filepath.Abs("others.log")
	check(err)
	check(os.WriteFile(path, nil, 0o666))
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"append"}, "at": {path}, "every": {"13ms"}})
	check(err)
	answer.Body.Close()
	file, err := os.Open(path)
	check(err)
	defer file.Close()
	s := &shadow{file: file, r: bufio.NewReader(file)}
	look := time.NewTicker(40 * time.Millisecond)
	defer look.Stop()
	for !over() {
		<-look.C
		check(s.more(func(line string) {
			b.sum += t.step() + uint64(line[0])
			b.passes[0]++
		}))
	}
	check(os.Remove(path))
	finish(b, 1)
}
