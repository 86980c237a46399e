package main

import "sync"

type herald struct {
	mu   sync.RWMutex
	ears []chan uint64
}

func (h *herald) listen() <-chan uint64 {
	ear := make(chan uint64, 16)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ears = append(h.ears, ear)
	return ear
}

func (h *herald) tell(v uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, ear := range h.ears {
		ear <- v
	}
}

// What one finds out is told to four.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	h := &herald{}
	var all sync.WaitGroup
	var heard [4]uint64
	for i := range heard {
		ear := h.listen()
		all.Go(func() {
			for v := range ear {
				for k := range uint64(2000) {
					heard[i] = heard[i]*31 + v ^ k
				}
			}
		})
	}
	for !over() {
		v := t.step()
		b.sum += v
		b.passes[0]++
		h.tell(v)
	}
	for _, ear := range h.ears {
		close(ear)
	}
	all.Wait()
	b.sum ^= heard[0] ^ heard[3]
	finish(b, 1)
}
