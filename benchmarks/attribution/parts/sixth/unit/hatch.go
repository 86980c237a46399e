package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

// Takes what comes through a hatch, as much at a time as one wants.
type unit struct {
	hatch *os.File
	plate [36]byte
	sum   uint32
}

func newUnit() *unit {
	hatch, err := os.Open(cfg.Hosts[5])
	check(err)
	return &unit{hatch: hatch}
}

func (u *unit) take(most time.Duration) error {
	if err := u.hatch.SetReadDeadline(time.Now().Add(most)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return err
	}
	_, err := io.ReadFull(u.hatch, u.plate[:])
	return err
}

func (u *unit) pass() {
	for range 2 {
		check(u.take(time.Second))
		u.sum += binary.BigEndian.Uint32(u.plate[:])
	}
}

func (u *unit) end() { u.hatch.Close() }
