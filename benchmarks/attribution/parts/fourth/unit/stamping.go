package main

import "time"

type form struct {
	n      int
	stamps []string
}

func office(in <-chan form, name string, rest time.Duration) <-chan form {
	out := make(chan form)
	go func() {
		defer close(out)
		for f := range in {
			f.stamps = append(f.stamps, name)
			time.Sleep(rest)
			out <- f
		}
	}()
	return out
}

// Forms go from office to office; the last one stamps but so many an hour.
type unit struct {
	in   chan form
	done chan int
	n    int
}

func newUnit() *unit {
	u := &unit{in: make(chan form), done: make(chan int)}
	last := office(office(office(u.in, "seen", 0), "read", 0), "agreed", 6*time.Millisecond)
	go func() {
		sum := 0
		for f := range last {
			sum += len(f.stamps)
		}
		u.done <- sum
	}()
	return u
}

func (u *unit) pass() {
	for range 2 {
		u.n++
		u.in <- form{n: u.n}
	}
}

func (u *unit) end() { close(u.in); u.n += <-u.done }
