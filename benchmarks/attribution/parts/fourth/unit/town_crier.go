package main

import (
	"log/slog"
	"os"
)

// Tells everything at the top of its voice; somebody listens when he has time.
type unit struct {
	voice *slog.Logger
	to    *os.File
	n     int
}

func newUnit() *unit {
	to, err := os.OpenFile(cfg.Hosts[6], os.O_WRONLY, 0)
	check(err)
	return &unit{voice: slog.New(slog.NewJSONHandler(to, nil)), to: to}
}

func (u *unit) pass() {
	for range 40 {
		u.n++
		u.voice.Info("an item was dealt with, as it had been asked for by somebody", "n", u.n, "of", "many", "state", "as before")
	}
}

func (u *unit) end() { u.to.Close() }
