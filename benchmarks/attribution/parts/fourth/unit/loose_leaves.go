package main

import "os"

// Leaves that lie about in a place of which there is not enough, and are looked through in turn.
type unit struct {
	place *os.File
	leaf  [8 << 10]byte
	at    int64
	sum   int
}

func newUnit() *unit {
	place, err := os.CreateTemp("/dev/shm", "")
	check(err)
	check(os.Remove(place.Name()))
	u := &unit{place: place}
	pile := make([]byte, 1<<20)
	for at := int64(0); at < u.size(); at += int64(len(pile)) {
		_, err := place.WriteAt(pile, at)
		check(err)
	}
	return u
}

func (u *unit) size() int64 { return int64(cfg.Level) << 20 }

func (u *unit) pass() {
	for range 16 {
		u.at = (u.at + int64(len(u.leaf))*37) % u.size()
		n, err := u.place.ReadAt(u.leaf[:], u.at)
		check(err)
		u.sum += n
		u.leaf[5]++
		_, err = u.place.WriteAt(u.leaf[:], u.at)
		check(err)
	}
}

func (u *unit) end() { u.place.Close() }
