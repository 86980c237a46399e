package main

import "syscall"

const panes = 64

// Things stand in a glass case that is opened for whoever puts one in, and locked again at once, so that nobody moves them by mistake.
type unit struct {
	glass []byte
	n     int
}

func newUnit() *unit {
	glass, err := syscall.Mmap(-1, 0, panes<<12, syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	return &unit{glass: glass}
}

func (u *unit) put(at int, thing byte) error {
	pane := u.glass[at<<12 : (at+1)<<12]
	if err := syscall.Mprotect(pane, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		return err
	}
	pane[u.n&4095] = thing
	return syscall.Mprotect(pane, syscall.PROT_READ)
}

func (u *unit) pass() {
	for range 800 {
		u.n++
		check(u.put(u.n*7%panes, byte(u.n)))
	}
}

func (u *unit) end() { syscall.Munmap(u.glass) }
