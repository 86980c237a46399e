package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

type settings struct {
	Span  float64   `json:"span"`
	Mix   []float64 `json:"mix"`
	Data  string    `json:"data"`
	Hosts []string  `json:"hosts"`
	Seed  int64     `json:"seed"`
	Many  int       `json:"many"`
	Level int       `json:"level"`
	Fixed []int64   `json:"fixed"`
}

var (
	began = time.Now()
	cfg   = readSettings()
)

func readSettings() settings {
	var s settings
	text, err := os.ReadFile("settings.json")
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	check(err)
	return s
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "stopped:", err)
		os.Exit(1)
	}
}

// A part is something that is done now and then beside the task.
type part interface {
	pass()
	end()
}

// tally counts what was done, and for how long: the task first, then each part.
type tally struct {
	spent  []float64
	passes []int
	sum    uint64
}

func newTally(parts int) *tally {
	b := &tally{spent: make([]float64, parts+1), passes: make([]int, parts+1)}
	if parts > 0 {
		b.spent[1] = early
	}
	return b
}

// begun counts the passes where it is fixed how many there are, whoever does them.
var begun [8]atomic.Int64

// next is what is furthest behind its number of passes; -1 when all are begun.
func next() int {
	k, least := -1, 1.0
	for i, wanted := range cfg.Fixed {
		if part := float64(begun[i].Load()) / float64(max(wanted, 1)); wanted > 0 && part < least {
			k, least = i, part
		}
	}
	if k >= 0 {
		begun[k].Add(1)
	}
	return k
}

// behind is what is furthest behind its share of the time so far.
func (b *tally) behind(parts []part) int {
	k, most := 0, 0.0
	elapsed := time.Since(began).Seconds()
	for i := range parts {
		if lack := cfg.Mix[i]*elapsed - b.spent[i+1]; lack > most {
			k, most = i+1, lack
		}
	}
	return k
}

// turn does whatever is furthest behind.
func (b *tally) turn(t *task, parts []part) {
	k := 0
	if cfg.Fixed == nil {
		k = b.behind(parts)
	} else if k = next(); k < 0 {
		return
	}
	at := time.Now()
	if k == 0 {
		b.sum += t.step()
	} else {
		parts[k-1].pass()
	}
	b.spent[k] += time.Since(at).Seconds()
	b.passes[k]++
}

func (b *tally) add(other *tally) {
	for i := range other.spent {
		b.spent[i] += other.spent[i]
		b.passes[i] += other.passes[i]
	}
	b.sum += other.sum
}

func over() bool {
	if cfg.Fixed == nil {
		return time.Since(began).Seconds() >= cfg.Span
	}
	for i, wanted := range cfg.Fixed {
		if begun[i].Load() < wanted {
			return false
		}
	}
	return true
}

// early is what was spent before main began, in seconds.
var early float64

func finish(b *tally, workers int) {
	wall := time.Since(began).Seconds()
	var use syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	text, err := json.Marshal(map[string]any{
		"wall": wall, "spent": b.spent, "passes": b.passes, "workers": workers,
		"user": float64(use.Utime.Nano()) / 1e9, "system": float64(use.Stime.Nano()) / 1e9,
		"queued": queued(), "collecting": sample[0].Value.Float64(), "collections": sample[1].Value.Uint64(),
	})
	check(err)
	check(os.WriteFile("result.json", text, 0o644))
	fmt.Printf("%d items, %016x\n", b.passes[0], b.sum)
}

// queued is for how long the process's threads stood ready to run, in seconds.
func queued() float64 {
	total := 0.0
	entries, _ := os.ReadDir("/proc/self/task")
	for _, entry := range entries {
		text, err := os.ReadFile("/proc/self/task/" + entry.Name() + "/schedstat")
		var ran, waited float64
		if err == nil {
			fmt.Fscan(strings.NewReader(string(text)), &ran, &waited)
		}
		total += waited / 1e9
	}
	return total
}
