// Command alignment emits the same instants through every layer that godyno records, each between two readings of
// CLOCK_MONOTONIC of its own: what a layer says of an instant must lie between them.
//
//	alignment [-http ADDRESS] -log FILE -n COUNT
//
// FILE gets a line for each emission: kind, number, thread, and the two readings in nanoseconds.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/exec"
	"runtime"
	"runtime/trace"
	"syscall"
	"time"
	"unsafe"
)

// now reads CLOCK_MONOTONIC itself: time.Now keeps its monotonic part to itself.
func now() int64 {
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

type emission struct {
	kind     string
	number   int
	tid      int
	from, to int64
}

var (
	emissions []emission
	sink      int
	pages     []byte
)

//go:noinline
func markedBurn(until int64) {
	for now() < until {
		for i := range 2000 {
			sink += i * i % 7
		}
	}
}

// markedTouch faults in pages that were never there.
//
//go:noinline
func markedTouch(memory []byte) {
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
}

// sleep makes a system call that lasts: nanosleep by itself, without Go's scheduler between.
func sleep(d time.Duration) {
	ts := syscall.NsecToTimespec(d.Nanoseconds())
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

func emit(kind string, number int, act func()) {
	from := now()
	act()
	emissions = append(emissions, emission{kind, number, syscall.Gettid(), from, now()})
}

func main() {
	address := flag.String("http", "", "`address` to serve profiles on")
	log := flag.String("log", "", "`file` for the readings")
	count := flag.Int("n", 100, "how many of each")
	wait := flag.Duration("wait", 0, "how long to wait before the first, and after the last")
	flag.Parse()
	if *address != "" {
		go func() { panic(http.ListenAndServe(*address, nil)) }()
	}
	runtime.LockOSThread() // the thread of a mark is known
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	const fd = 9 // so that strace's writes of it are known
	syscall.Dup3(int(null.Fd()), fd, 0)
	ctx := context.Background()
	time.Sleep(*wait)
	for tries := 0; *address != "" && !trace.IsEnabled() && tries < 1000; tries++ { // on a busy machine who asks for it comes late
		time.Sleep(20 * time.Millisecond)
	}
	for i := range *count {
		text := fmt.Sprintf("marker %d\n", i)
		emit("line", i, func() { syscall.Write(1, []byte(text)) })
		emit("write", i, func() { syscall.Write(fd, []byte(text)) })
		emit("sleep", i, func() { sleep(2 * time.Millisecond) })
		emit("log", i, func() { trace.Log(ctx, "marker", fmt.Sprint(i)) })
		emit("burn", i, func() { markedBurn(now() + 5_000_000) })
		pages, err = syscall.Mmap(-1, 0, 256<<12, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		syscall.Madvise(pages, 15) // MADV_NOHUGEPAGE: one fault each
		emit("fault", i, func() { markedTouch(pages) })
		syscall.Munmap(pages)
		emit("gc", i, runtime.GC)
		if i%4 == 0 {
			emit("process", i, func() { exec.Command("/bin/true").Run() })
		}
		time.Sleep(5 * time.Millisecond)
	}
	file, err := os.Create(*log)
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(file)
	for _, one := range emissions {
		fmt.Fprintln(out, one.kind, one.number, one.tid, one.from, one.to)
	}
	if err := out.Flush(); err != nil {
		panic(err)
	}
	time.Sleep(*wait) // what is streamed arrives
}
