package main

import (
	"os"
	"syscall"
	"unsafe"
)

const (
	clockName  = "monotonic"
	maxrssUnit = 1024
	clockMono  = 1
	setPipeSz  = 1031 // F_SETPIPE_SZ
	pipeBytes  = 1 << 20
	tiocgpgrp  = 0x540f
)

// now is CLOCK_MONOTONIC in ns.
func now() int64 {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMono, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

// stderrPipe is a pipe in packet mode: each read gives exactly what one write call wrote (up to 4 KiB of it).
func stderrPipe() (reader, writer *os.File, exact bool, err error) {
	var fds [2]int
	exact = true
	if err = syscall.Pipe2(fds[:], syscall.O_CLOEXEC|syscall.O_DIRECT); err != nil {
		exact = false
		if err = syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
			return nil, nil, false, err
		}
	}
	// A packet takes a page, so the default of 16 would stop the command in the middle of a line until we have run. May be refused.
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(fds[1]), setPipeSz, pipeBytes)
	syscall.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "stderr"), os.NewFile(uintptr(fds[1]), "stderr"), exact, nil
}

func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	var group int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), tiocgpgrp, uintptr(unsafe.Pointer(&group)))
	return errno == 0 && int(group) == syscall.Getpgrp()
}
