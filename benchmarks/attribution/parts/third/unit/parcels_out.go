package main

import (
	"os"
	"syscall"
)

// Parcels of a fixed size, of which each has to be out before the next one goes.
type unit struct {
	store  *os.File
	parcel []byte
	n      int64
}

func newUnit() *unit {
	store, err := os.Create("parcels")
	check(err)
	_, err = store.Write(make([]byte, 8<<20))
	check(err)
	check(store.Sync())
	return &unit{store: store, parcel: make([]byte, 128<<10)}
}

func (u *unit) pass() {
	u.n++
	u.parcel[u.n&1023]++
	at := u.n % 64 * int64(len(u.parcel))
	_, err := u.store.WriteAt(u.parcel, at)
	check(err)
	check(syscall.SyncFileRange(int(u.store.Fd()), at, int64(len(u.parcel)), 7))
}

func (u *unit) end() { u.store.Close() }
