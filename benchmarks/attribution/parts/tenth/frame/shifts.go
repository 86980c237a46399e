package main

import "sync"

// worker is one of two, who have the same to do and nothing to do with each other.
type worker struct {
	task  *task
	parts []part
	tally *tally
}

func (w *worker) shift(all *sync.WaitGroup) {
	defer all.Done()
	for !over() {
		w.tally.turn(w.task, w.parts)
	}
	for _, p := range w.parts {
		p.end()
	}
}

// Has two at work side by side.
func main() {
	var all sync.WaitGroup
	workers := [2]*worker{}
	for i := range workers {
		parts := newParts()
		workers[i] = &worker{newTask(cfg.Seed + int64(i)), parts, newTally(len(parts))}
	}
	all.Add(len(workers))
	for _, w := range workers {
		go w.shift(&all)
	}
	all.Wait()
	workers[0].tally.add(workers[1].tally)
	finish(workers[0].tally, len(workers))
}
