package main

import (
	"os"
	"syscall"
)

// Keys to a door are handed over from one hand to the other, and given back.
type unit struct {
	hands [2]int
	door  *os.File
	room  [64]byte
	n     int
}

func newUnit() *unit {
	hands, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	check(err)
	door, err := os.Open("settings.json")
	check(err)
	return &unit{hands: hands, door: door}
}

func (u *unit) hand(key []byte) error {
	if err := syscall.Sendmsg(u.hands[0], []byte{1}, key, nil, 0); err != nil {
		return err
	}
	var word [1]byte
	_, long, _, _, err := syscall.Recvmsg(u.hands[1], word[:], u.room[:], 0)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseSocketControlMessage(u.room[:long])
	if err != nil {
		return err
	}
	keys, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	u.n++
	return syscall.Close(keys[0])
}

func (u *unit) pass() {
	key := syscall.UnixRights(int(u.door.Fd()))
	for range 600 {
		check(u.hand(key))
	}
}

func (u *unit) end() {
	syscall.Close(u.hands[0])
	syscall.Close(u.hands[1])
	u.door.Close()
}
