package main

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
)

var postcode = regexp.MustCompile(`\b([A-Z]{2})(\d{2}) (\d)([A-Z]{2})\b`)

// Packs letters, unpacks them again and finds where they go.
type unit struct {
	text   []byte
	packed bytes.Buffer
	found  int
	w      *zlib.Writer
	r      io.ReadCloser
	out    []byte
}

func newUnit() *unit {
	u := &unit{w: zlib.NewWriter(io.Discard)}
	for i := range 120 {
		u.text = append(u.text, "to somebody in a street, "...)
		u.text = append(u.text, byte('A'+i%26), byte('A'+i%7), byte('0'+i%10), byte('0'+i%3), ' ', byte('0'+i%8), 'X', 'Y', '\n')
	}
	u.out = make([]byte, len(u.text))
	return u
}

func (u *unit) pass() {
	u.packed.Reset()
	u.w.Reset(&u.packed)
	u.w.Write(u.text)
	check(u.w.Close())
	var err error
	if u.r == nil {
		u.r, err = zlib.NewReader(&u.packed)
	} else {
		err = u.r.(zlib.Resetter).Reset(&u.packed, nil)
	}
	check(err)
	_, err = io.ReadFull(u.r, u.out)
	check(err)
	for at := 0; at < len(u.out); {
		place := postcode.FindIndex(u.out[at:])
		if place == nil {
			break
		}
		u.found++
		at += place[1]
	}
	u.text[u.found%len(u.text)]++
}

func (u *unit) end() {}
