package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"
)

type watch struct{ from *os.File }

func watchOf(path string) (*watch, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	_, err = syscall.InotifyAddWatch(fd, path, syscall.IN_MODIFY|syscall.IN_DELETE)
	return &watch{os.NewFile(uintptr(fd), "watch")}, err
}

// seen hands on what has happened until f has seen enough.
func (w *watch) seen(f func(what uint32, name string) bool) error {
	var room [4096]byte
	for {
		n, err := w.from.Read(room[:])
		if err != nil {
			return err
		}
		for at := 0; at+syscall.SizeofInotifyEvent <= n; {
			e := (*syscall.InotifyEvent)(unsafe.Pointer(&room[at]))
			at += syscall.SizeofInotifyEvent
			name := string(room[at : at+int(e.Len)])
			at += int(e.Len)
			if !f(e.Mask, name) {
				return nil
			}
		}
	}
}

// Looks at what happens to a house until it is gone.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	street, err := filepath.Abs("street")
	check(err)
	check(os.MkdirAll(street, 0o777))
	house := filepath.Join(street, "house")
	check(os.WriteFile(house, []byte("here\n"), 0o666))
	w, err := watchOf(street)
	check(err)
	defer w.from.Close()
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"append"}, "at": {house}, "every": {"50ms"}, "count": {strconv.Itoa(int(cfg.Span * 20))},
	})
	check(err)
	answer.Body.Close()
	check(w.seen(func(what uint32, name string) bool {
		for range 5 {
			b.sum += t.step() + uint64(what)
			b.passes[0]++
		}
		return what&syscall.IN_DELETE == 0
	}))
	finish(b, 1)
}
