package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
	"syscall"
)

type minute struct {
	Who  string `json:"who"`
	What string `json:"what"`
	N    int    `json:"n"`
}

// Takes down what was said by several, and puts it into the file in one go.
type unit struct {
	mu     sync.Mutex
	said   []minute
	file   *os.File
	out    *bufio.Writer
	encode *json.Encoder
	who    []chan int
	n      int
}

func newUnit() *unit {
	file, err := os.OpenFile("minutes.jsonl", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	check(err)
	u := &unit{file: file, out: bufio.NewWriterSize(file, 32<<10)}
	u.encode = json.NewEncoder(u.out)
	for _, name := range []string{"first", "second", "third"} {
		asked := make(chan int, 64)
		u.who = append(u.who, asked)
		go func() {
			for n := range asked {
				u.say(minute{name, "what there was to say about it", n})
			}
		}()
	}
	return u
}

func (u *unit) say(m minute) {
	u.mu.Lock()
	u.said = append(u.said, m)
	u.mu.Unlock()
}

func (u *unit) putDown() error {
	u.mu.Lock()
	said := u.said
	u.said = nil
	u.mu.Unlock()
	for _, m := range said {
		if err := u.encode.Encode(m); err != nil {
			return err
		}
	}
	if err := u.out.Flush(); err != nil {
		return err
	}
	return syscall.Fdatasync(int(u.file.Fd()))
}

func (u *unit) pass() {
	for range 4 {
		u.n++
		for _, asked := range u.who {
			select {
			case asked <- u.n:
			default: // has a lot to say already
			}
		}
		u.say(minute{"chair", "and so on", u.n})
		check(u.putDown())
	}
}

func (u *unit) end() {
	for _, asked := range u.who {
		close(asked)
	}
	u.file.Close()
}
