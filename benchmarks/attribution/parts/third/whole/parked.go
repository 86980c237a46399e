package main

import "sync"

// Many stand by for what may come; one works.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var all sync.WaitGroup
	come, home := make(chan int), make(chan struct{})
	for range 120 {
		all.Add(1)
		go func() {
			defer all.Done()
			select {
			case <-come:
			case <-home:
			}
		}()
	}
	for !over() {
		b.sum += t.step()
		b.passes[0]++
	}
	close(home)
	all.Wait()
	finish(b, 1)
}
