// Times one kind of scheduling event and prints its distribution as JSON, in seconds.
//
//	schedcost EVENT idle|loaded SECONDS
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	began = time.Now()
	sink  uint64
	waste [][]byte
)

func now() time.Duration { return time.Since(began) } // of the monotonic clock

//go:noinline
func spin(d time.Duration) {
	for end := now() + d; now() < end; {
		for i := 0; i < 50; i++ {
			sink = sink*6364136223846793005 + 1
		}
	}
}

type sample struct{ took []float64 }

func (s *sample) add(d time.Duration) { s.took = append(s.took, d.Seconds()) }

// A goroutine that waits on a channel is woken by one that goes on working: another processor has to take it.
func wake(until time.Duration, out *sample) {
	ready, done := make(chan time.Duration), make(chan struct{})
	go func() {
		for sent := range ready {
			out.add(now() - sent)
			done <- struct{}{}
		}
		close(done)
	}()
	for now() < until {
		spin(20 * time.Microsecond)
		ready <- now()
		spin(20 * time.Microsecond)
		<-done
	}
	close(ready)
	<-done
}

// Two goroutines hand a token to each other; the sender waits at once, so that its own processor runs the other.
func handoff(until time.Duration, out *sample) {
	const rounds = 200
	ping, pong := make(chan struct{}), make(chan struct{})
	go func() {
		for range ping {
			pong <- struct{}{}
		}
		close(pong)
	}()
	for now() < until {
		start := now()
		for i := 0; i < rounds; i++ {
			ping <- struct{}{}
			<-pong
		}
		out.add((now() - start) / (2 * rounds))
	}
	close(ping)
	<-pong
}

// One goroutine makes many, each with a little work: others steal them. From the go statement to the first instruction.
func steal(until time.Duration, out *sample) {
	const many = 64
	var took [many]time.Duration
	for now() < until {
		var all sync.WaitGroup
		for i := 0; i < many; i++ {
			all.Add(1)
			made := now()
			go func(i int) {
				took[i] = now() - made
				spin(2 * time.Microsecond)
				all.Done()
			}(i)
		}
		all.Wait()
		for _, d := range took {
			out.add(d)
		}
	}
}

// Every processor runs a loop without a call in it; a goroutine that is ready has to wait until one is preempted.
func preempt(until time.Duration, out *sample) {
	stop := make([]uint64, runtime.GOMAXPROCS(0)*8)
	for i := 0; i < runtime.GOMAXPROCS(0); i++ {
		go func(i int) {
			x := uint64(1)
			for x != 0 {
				x = x*6364136223846793005 + 2 | 1
			}
			stop[i*8] = x
		}(i)
	}
	for now() < until {
		start := now()
		runtime.Gosched()
		out.add(now() - start)
	}
}

// How late a sleep of a millisecond ends.
func timer(until time.Duration, out *sample) {
	for now() < until {
		start := now()
		time.Sleep(time.Millisecond)
		out.add(now() - start - time.Millisecond)
	}
}

// How late a goroutine goes on after a system call that blocks for 200 µs.
func syscalls(until time.Duration, out *sample) {
	wait := syscall.Timespec{Nsec: 200000}
	for now() < until {
		start := now()
		syscall.Nanosleep(&wait, nil)
		out.add(now() - start - 200*time.Microsecond)
	}
}

// As wake, while another goroutine allocates and the collector is at work all the time.
func gc(until time.Duration, out *sample) {
	stop := make(chan struct{})
	go func() {
		waste = make([][]byte, 20000)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				waste[i%len(waste)] = make([]byte, 1024)
			}
		}
	}()
	wake(until, out)
	close(stop)
}

var events = map[string]func(until time.Duration, out *sample){
	"wake": wake, "handoff": handoff, "steal": steal, "preempt": preempt, "timer": timer, "syscall": syscalls, "gc": gc,
}

// Goroutines that compute for 20 µs and let others run, twice as many as processors.
func load() {
	for i := 0; i < 2*runtime.GOMAXPROCS(0); i++ {
		go func() {
			for {
				spin(20 * time.Microsecond)
				runtime.Gosched()
			}
		}()
	}
}

func latencies() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	h := s[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: append([]float64(nil), h.Buckets...)}
}

// The quantile of what a histogram gained: the upper bound of its bucket.
func quantile(before, after *metrics.Float64Histogram, q float64) (float64, uint64) {
	if before == nil || after == nil {
		return 0, 0
	}
	total := uint64(0)
	for i, count := range after.Counts {
		total += count - before.Counts[i]
	}
	seen := uint64(0)
	for i, count := range after.Counts {
		seen += count - before.Counts[i]
		if total > 0 && float64(seen) >= q*float64(total) {
			if high := after.Buckets[i+1]; !math.IsInf(high, 1) {
				return high, total
			}
			return after.Buckets[i], total
		}
	}
	return 0, total
}

func main() {
	event, ok := events[os.Args[1]]
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	if !ok || err != nil {
		fmt.Fprintln(os.Stderr, "schedcost EVENT idle|loaded SECONDS")
		os.Exit(2)
	}
	if os.Args[2] == "loaded" {
		load()
	}
	var warm, found sample
	found.took = make([]float64, 0, 1<<20)
	event(now()+time.Duration(0.1*seconds*1e9), &warm)
	runtime.GC()
	before := latencies()
	event(now()+time.Duration(seconds*1e9), &found)
	after := latencies()
	sort.Float64s(found.took)
	at := func(q float64) float64 { return found.took[int(q*float64(len(found.took)-1))] }
	sum := 0.0
	for _, one := range found.took {
		sum += one
	}
	runtime50, events := quantile(before, after, 0.5)
	runtime99, _ := quantile(before, after, 0.99)
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"mean": sum / float64(len(found.took)), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": at(1),
		"events": float64(len(found.took)), "runtime.p50": runtime50, "runtime.p99": runtime99, "runtime.events": float64(events),
	})
	os.Exit(0)
}
