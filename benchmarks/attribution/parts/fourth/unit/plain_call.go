package main

import (
	"net/netip"
	"syscall"
)

// Calls somebody by the plainest means.
type unit struct {
	to syscall.SockaddrInet4
	n  int
}

func newUnit() *unit {
	where, err := netip.ParseAddrPort(cfg.Hosts[1])
	check(err)
	return &unit{to: syscall.SockaddrInet4{Port: int(where.Port()), Addr: where.Addr().As4()}}
}

func (u *unit) call() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if err := syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}); err != nil {
		return err
	}
	return syscall.Connect(fd, &u.to)
}

func (u *unit) pass() {
	check(u.call())
	u.n++
}

func (u *unit) end() {}
