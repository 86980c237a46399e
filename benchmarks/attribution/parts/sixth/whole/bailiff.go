package main

import (
	"container/heap"
	"time"
)

type duty struct {
	at    time.Time
	every time.Duration
	do    func() uint64
}

type duties []*duty

func (d duties) Len() int           { return len(d) }
func (d duties) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d duties) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *duties) Push(v any)        { *d = append(*d, v.(*duty)) }
func (d *duties) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

// Has a list of duties and does whichever is due first.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	end := began.Add(time.Duration(cfg.Span * 1e9))
	var d duties
	for i, every := range []int{35, 60, 85, 140, 230, 390} {
		long := 6 + 4*i
		heap.Push(&d, &duty{began.Add(time.Duration(10*i) * time.Millisecond), time.Duration(every) * time.Millisecond, func() (sum uint64) {
			for range long {
				sum += t.step()
			}
			return sum
		}})
	}
	alarm := time.NewTimer(0)
	for d[0].at.Before(end) {
		alarm.Reset(time.Until(d[0].at))
		<-alarm.C
		b.sum += d[0].do()
		b.passes[0]++
		d[0].at = d[0].at.Add(d[0].every)
		heap.Fix(&d, 0)
	}
	finish(b, 1)
}
