// Starts a program again and again and prints, a line of JSON a run, how long it took to reach its main package's
// last init function (which writes CLOCK_MONOTONIC to descriptor 3 and ends it) and what the kernel counted.
//
//	launch RUNS COLD FILE ARGV...
//
// COLD=1 asks the kernel before each run to forget the cached pages of FILE. The launcher is small, so that what a
// child takes over from it (descriptors, resident pages until exec) is the same and little for every program.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

type run struct {
	Main  int64 `json:"main_ns"`
	Exit  int64 `json:"exit_ns"`
	Minor int64 `json:"minor_faults"`
	Major int64 `json:"major_faults"`
	Read  int64 `json:"read_bytes"`
}

func now() int64 {
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

func forget(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	const dontNeed = 4
	_, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func launch(argv []string) (run, error) {
	var out run
	reader, writer, err := os.Pipe()
	if err != nil {
		return out, err
	}
	defer reader.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return out, err
	}
	defer null.Close()
	env := append(os.Environ(), "GODYNO_LOAD=1")
	start := now()
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Env: env, Files: []*os.File{null, null, null, writer}})
	writer.Close()
	if err != nil {
		return out, err
	}
	var told [8]byte
	n, _ := reader.Read(told[:])
	state, err := process.Wait()
	out.Exit = now() - start
	if err != nil {
		return out, err
	}
	if n != 8 {
		return out, fmt.Errorf("%s ended without reaching main: %v", argv[0], state)
	}
	out.Main = int64(binary.LittleEndian.Uint64(told[:])) - start
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		out.Minor, out.Major, out.Read = int64(usage.Minflt), int64(usage.Majflt), int64(usage.Inblock)*512
	}
	return out, nil
}

func main() {
	runs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	printer := json.NewEncoder(os.Stdout)
	for i := 0; i < runs; i++ {
		if os.Args[2] == "1" {
			if err := forget(os.Args[3]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(3)
			}
		}
		found, err := launch(os.Args[4:])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		printer.Encode(found)
	}
}
