// Measures one kind of call and prints what it cost as JSON.
//
//	cgocost KIND SECONDS
package main

/*
#include <stdint.h>
#include <time.h>

static void empty(void) {}
static int64_t arguments(int64_t a, int64_t b, int64_t c, int64_t d, double e, double f, const char *g) {
	return a + b + c + d + (int64_t)(e + f) + g[0];
}
static void blocked(int64_t ns) {
	struct timespec t = {ns / 1000000000, ns % 1000000000};
	nanosleep(&t, 0);
}
static uint64_t spin(uint64_t n) {
	volatile uint64_t x = 1;
	for (uint64_t i = 0; i < n; i++) x = x * 6364136223846793005ULL + i;
	return x;
}
extern void goCallback(void);
static void callback(void) { goCallback(); }
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

//go:noinline
func empty() {}

//go:noinline
func spinGo(n uint64) uint64 {
	x := uint64(1)
	for i := uint64(0); i < n; i++ {
		x = x*6364136223846793005 + i
		sink = x
	}
	return x
}

var (
	sink   uint64
	letter = [8]byte{1}
	pragma func(n int)
)

var kinds = map[string]func(n int){
	"go": func(n int) {
		for i := 0; i < n; i++ {
			empty()
		}
	},
	"call": func(n int) {
		for i := 0; i < n; i++ {
			C.empty()
		}
	},
	"arguments": func(n int) {
		for i := 0; i < n; i++ {
			C.arguments(C.int64_t(i), 2, 3, 4, 5, 6, (*C.char)(unsafe.Pointer(&letter[0])))
		}
	},
	"callback": func(n int) {
		for i := 0; i < n; i++ {
			C.callback()
		}
	},
}

func status(key string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, key+":") {
			value, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return value
		}
	}
	return 0
}

func scheduled() float64 {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	total := uint64(0)
	if sample[0].Value.Kind() == metrics.KindFloat64Histogram {
		for _, count := range sample[0].Value.Float64Histogram().Counts {
			total += count
		}
	}
	return float64(total)
}

type state struct {
	at                                                 time.Time
	mallocs, bytes, rss, threads, switches, goroutines float64
}

func look() state {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return state{
		mallocs: float64(memory.Mallocs), bytes: float64(memory.TotalAlloc), rss: status("VmRSS") * 1024,
		threads: float64(pprof.Lookup("threadcreate").Count()), switches: float64(usage.Nvcsw + usage.Nivcsw),
		goroutines: scheduled(), at: time.Now(),
	}
}

func perCall(kind string, seconds float64) map[string]float64 {
	call := kinds[kind]
	if kind == "pragma" {
		if call = pragma; call == nil {
			fmt.Fprintln(os.Stderr, "this Go has no #cgo noescape and nocallback (1.24 and newer have)")
			os.Exit(3)
		}
	}
	n := 1000
	for { // also warms up
		start := time.Now()
		call(n)
		if took := time.Since(start); took > 20*time.Millisecond {
			n = int(float64(n) * seconds / took.Seconds())
			break
		}
		n *= 4
	}
	runtime.GC()
	before := look()
	call(n)
	took := time.Since(before.at)
	after := look()
	each := 1 / float64(n)
	return map[string]float64{
		"time": took.Seconds() * each, "calls": float64(n), "allocations": (after.mallocs - before.mallocs) * each,
		"allocated": (after.bytes - before.bytes) * each, "resident": (after.rss - before.rss) * each,
		"resident_total": after.rss - before.rss, "threads": after.threads - before.threads,
		"switches": (after.switches - before.switches) * each, "goroutine_wakes": (after.goroutines - before.goroutines) * each,
	}
}

// A hundred goroutines that block in C at the same time.
func blocked() map[string]float64 {
	const many = 100
	C.blocked(1)
	runtime.GC()
	before := look()
	var all sync.WaitGroup
	for i := 0; i < many; i++ {
		all.Add(1)
		go func() { defer all.Done(); C.blocked(60e6) }()
	}
	time.Sleep(40 * time.Millisecond)
	during := look()
	all.Wait()
	time.Sleep(20 * time.Millisecond)
	after := look()
	return map[string]float64{
		"threads": during.threads - before.threads, "threads_left": status("Threads"), "calls": many,
		"resident_per_thread": (during.rss - before.rss) / (during.threads - before.threads + 1e-9), "resident_total": after.rss - before.rss,
	}
}

// A fixed load: an operation of some microseconds every half millisecond on each processor, and how long each takes.
func load(inC bool, seconds float64) map[string]float64 {
	const size = 5000
	do := func() { spinGo(size) }
	if inC {
		do = func() { C.spin(size) }
	}
	workers := runtime.GOMAXPROCS(0)
	took := make([][]float64, workers)
	do()
	before := look()
	var all sync.WaitGroup
	for w := 0; w < workers; w++ {
		all.Add(1)
		go func(w int) {
			defer all.Done()
			next := time.Now()
			for end := next.Add(time.Duration(seconds * 1e9)); next.Before(end); next = next.Add(500 * time.Microsecond) {
				time.Sleep(time.Until(next))
				start := time.Now()
				do()
				took[w] = append(took[w], time.Since(start).Seconds())
			}
		}(w)
	}
	all.Wait()
	after := look()
	var every []float64
	for _, one := range took {
		every = append(every, one...)
	}
	sort.Float64s(every)
	at := func(q float64) float64 { return every[int(q*float64(len(every)-1))] }
	return map[string]float64{
		"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": at(1), "jitter": at(0.99) - at(0.5),
		"calls": float64(len(every)), "threads": after.threads - before.threads,
	}
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		panic(err)
	}
	var found map[string]float64
	switch kind := os.Args[1]; kind {
	case "blocked":
		found = blocked()
	case "load-go", "load-cgo":
		found = load(kind == "load-cgo", seconds)
	default:
		found = perCall(kind, seconds)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
