// Burns CPU in functions whose names are hard to find: generic, inlined, a method, a closure, C.
package main

import (
	"flag"
	"fmt"
	"time"
)

type number interface{ ~uint64 | ~float64 }

type counter[T number] struct{ sum T }

//go:noinline
func (c *counter[T]) Add(values []T) {
	for _, value := range values {
		c.sum = step(c.sum, value)
	}
}

func step[T number](sum, value T) T { return sum*3 + value } // inlined

type machine struct{ state uint64 }

// Too dear to be inlined, unless a profile says that it is hot.
func (m machine) turn(n int) uint64 {
	for i := 0; i < n; i++ {
		m.state = m.state*6364136223846793005 + 1442695040888963407
		if m.state%1000003 == 7 {
			m.state ^= uint64(i) << 3
		} else if m.state%1000033 == 5 {
			m.state += uint64(i) >> 2
		} else if m.state%999983 == 3 {
			m.state -= uint64(i) * 17
		} else if m.state%999979 == 2 {
			m.state |= uint64(i) & 255
		} else if m.state%999961 == 4 {
			m.state = m.state<<7 | m.state>>57
		}
	}
	return m.state
}

var sink uint64

//go:noinline
func turns() {
	for i := 0; i < 10; i++ {
		sink += machine{sink}.turn(20_000)
	}
}

func during(d time.Duration, work func()) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		work()
	}
}

func main() {
	each := flag.Duration("each", 150*time.Millisecond, "how long each takes")
	flag.Parse()
	whole, parts := make([]uint64, 100_000), make([]float64, 100_000)
	var a counter[uint64]
	var b counter[float64]
	during(*each, func() { a.Add(whole) })
	during(*each, func() { b.Add(parts) })
	during(*each, turns)
	during(*each, func() { // main.main.func3, or as this Go names it
		for i := uint64(0); i < 100_000; i++ {
			sink = sink*3 + i
		}
	})
	during(*each, burnInC)
	fmt.Println(a.sum, b.sum, sink)
}
