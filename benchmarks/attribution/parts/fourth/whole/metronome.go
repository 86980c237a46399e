package main

import (
	"runtime/metrics"
	"time"
)

// Looks at itself with every beat.
func main() {
	b := newTally(0)
	beat := time.NewTicker(20 * time.Millisecond)
	seen := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}}
	for range beat.C {
		metrics.Read(seen)
		b.sum += seen[0].Value.Uint64() + seen[1].Value.Uint64()
		b.passes[0]++
		if over() {
			break
		}
	}
	_ = newTask
	finish(b, 1)
}
