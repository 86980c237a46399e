package main

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"io"
	"os"
	"syscall"
)

type stream struct {
	r    *bufio.Reader
	key  uint64
	none bool
}

func (s *stream) next() error {
	var room [8]byte
	if _, err := io.ReadFull(s.r, room[:]); err == io.EOF {
		s.none = true
		return nil
	} else if err != nil {
		return err
	}
	s.key = binary.LittleEndian.Uint64(room[:]) | 1<<63
	_, err := s.r.Discard(4096 - 8)
	return err
}

type confluence []*stream

func (c confluence) Len() int           { return len(c) }
func (c confluence) Less(i, j int) bool { return c[i].key < c[j].key }
func (c confluence) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *confluence) Push(v any)        { *c = append(*c, v.(*stream)) }
func (c *confluence) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// Four streams come together, in order, from four places of a file.
type unit struct {
	file *os.File
	at   int64
	size int64
	sum  uint64
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	info, err := file.Stat()
	check(err)
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	return &unit{file: file, size: info.Size(), at: int64(began.Nanosecond())}
}

func (u *unit) pass() {
	const run = 64 << 10
	var c confluence
	for range 4 {
		u.at = (u.at*1103515245 + 12345) & (1<<31 - 1)
		from := u.at % (u.size/run - 1) * run
		syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), uintptr(from), run, 4, 0, 0)
		s := &stream{r: bufio.NewReaderSize(io.NewSectionReader(u.file, from, run), 8<<10)}
		check(s.next())
		c = append(c, s)
	}
	for heap.Init(&c); len(c) > 0; {
		s := c[0]
		u.sum += s.key
		check(s.next())
		if s.none {
			heap.Pop(&c)
		} else {
			heap.Fix(&c, 0)
		}
	}
}

func (u *unit) end() { u.file.Close() }
