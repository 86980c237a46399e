package main

import (
	"encoding/binary"
	"os"
)

// Pages of a small store, each safe when its write returns.
type unit struct {
	store *os.File
	page  []byte
	seq   uint64
}

func newUnit() *unit {
	store, err := os.OpenFile("store.db", os.O_CREATE|os.O_RDWR|os.O_SYNC, 0o644)
	check(err)
	return &unit{store: store, page: make([]byte, 4096)}
}

func (u *unit) commit(page uint64) {
	u.seq++
	binary.LittleEndian.PutUint64(u.page[8:], u.seq)
	_, err := u.store.WriteAt(u.page, int64(page*4096))
	check(err)
}

func (u *unit) pass() {
	for i := range uint64(8) {
		u.commit((u.seq*7 + i) % 64)
	}
	u.commit(0)
}

func (u *unit) end() { u.store.Close() }
