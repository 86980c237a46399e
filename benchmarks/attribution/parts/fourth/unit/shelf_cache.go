package main

import (
	"container/list"
	"io"
	"os"
	"syscall"
)

// recent keeps what was wanted last.
type recent[K comparable, V any] struct {
	most  int
	order *list.List
	at    map[K]*list.Element
	load  func(K) (V, error)
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (r *recent[K, V]) get(key K) (V, error) {
	if e, ok := r.at[key]; ok {
		r.order.MoveToFront(e)
		return e.Value.(*pair[K, V]).value, nil
	}
	value, err := r.load(key)
	if err != nil {
		return value, err
	}
	r.at[key] = r.order.PushFront(&pair[K, V]{key, value})
	if r.order.Len() > r.most {
		last := r.order.Back()
		delete(r.at, last.Value.(*pair[K, V]).key)
		r.order.Remove(last)
	}
	return value, nil
}

type unit struct {
	near *recent[int64, []byte]
	file *os.File
	v    uint64
	sum  int
}

func newUnit() *unit {
	file, err := os.Open(cfg.Data)
	check(err)
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	u := &unit{file: file, v: uint64(cfg.Seed)}
	u.near = &recent[int64, []byte]{64, list.New(), map[int64]*list.Element{}, u.fetch}
	return u
}

func (u *unit) fetch(n int64) ([]byte, error) {
	const size = 8 << 10
	room := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(u.file, n*size, size), room)
	return room, err
}

func (u *unit) pass() {
	syscall.Syscall6(syscall.SYS_FADVISE64, u.file.Fd(), 0, 0, 4, 0, 0)
	for range 60 {
		u.v = u.v*6364136223846793005 + 1442695040888963407
		n := int64(u.v >> 40 % 30000)
		if u.v>>60 < 3 {
			n = int64(u.v >> 40 % 16)
		}
		page, err := u.near.get(n)
		check(err)
		u.sum += int(page[n&1023])
	}
}

func (u *unit) end() { u.file.Close() }
