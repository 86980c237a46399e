package main

import "time"

// gathered hands on what comes in lots, full ones or such as have waited long enough.
func gathered[T any](in <-chan T, size int, longest time.Duration) <-chan []T {
	out := make(chan []T)
	go func() {
		defer close(out)
		var lot []T
		late := time.NewTicker(longest)
		defer late.Stop()
		for {
			select {
			case one, more := <-in:
				if !more {
					out <- lot
					return
				}
				if lot = append(lot, one); len(lot) < size {
					continue
				}
			case <-late.C:
				if len(lot) == 0 {
					continue
				}
			}
			out <- lot
			lot = nil
		}
	}()
	return out
}

// What is found is handed on in lots.
func main() {
	b := newTally(0)
	found := make(chan uint64)
	go func() {
		defer close(found)
		for t := newTask(cfg.Seed); !over(); {
			found <- t.step()
		}
	}()
	for lot := range gathered(found, 16, 20*time.Millisecond) {
		for _, v := range lot {
			b.sum = b.sum*31 + v
			b.passes[0]++
		}
	}
	finish(b, 1)
}
