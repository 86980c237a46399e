package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// box is a folder into which others put what is to be worked off.
type box struct {
	dir, done string
	bell      *os.File
	t         *task
	b         *tally
	items     map[string]int
}

func opened(dir string) (*box, error) {
	b := &box{dir: filepath.Join(dir, "box"), done: filepath.Join(dir, "done"), t: newTask(cfg.Seed), b: newTally(0), items: map[string]int{}}
	for _, one := range []string{b.dir, b.done} {
		os.RemoveAll(one)
		if err := os.Mkdir(one, 0o755); err != nil {
			return nil, err
		}
	}
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if _, err := syscall.InotifyAddWatch(fd, b.dir, syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE); err != nil {
		return nil, err
	}
	b.bell = os.NewFile(uintptr(fd), "bell")
	return b, nil
}

func (b *box) work(name string) error {
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return err
	}
	in := bufio.NewReader(bytes.NewReader(text))
	head, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var n, v int
		if _, err := fmt.Sscanf(lines.Text(), "item %d %d", &n, &v); err == nil {
			b.items[head.Get("To")] += v
		}
	}
	for range 3 {
		b.b.sum += b.t.step()
	}
	b.b.passes[0]++
	return os.Rename(filepath.Join(b.dir, name), filepath.Join(b.done, "last."+head.Get("To")))
}

// names are those of which a ring of the bell tells.
func names(rung []byte) (all []string) {
	for len(rung) >= syscall.SizeofInotifyEvent {
		end := syscall.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rung[12:]))
		all = append(all, strings.TrimRight(string(rung[syscall.SizeofInotifyEvent:end]), "\x00"))
		rung = rung[end:]
	}
	return all
}

// Works off what is put into a box, when it is put there.
func main() {
	dir, err := os.Getwd()
	check(err)
	b, err := opened(dir)
	check(err)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"drops"}, "at": {b.dir}, "every": {"47ms"}})
	check(err)
	answer.Body.Close()
	check(b.bell.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for room := make([]byte, 8<<10); ; {
		n, err := b.bell.Read(room)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		for _, name := range names(room[:n]) {
			check(b.work(name))
		}
	}
	check(b.bell.Close())
	check(os.RemoveAll(b.dir))
	check(os.RemoveAll(b.done))
	finish(b.b, 1)
}
