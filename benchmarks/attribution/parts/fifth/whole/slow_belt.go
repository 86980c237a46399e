package main

import (
	"sync"
	"time"
)

type belt[T any] struct {
	mu     sync.Mutex
	more   *sync.Cond
	on     []T
	closed bool
}

func newBelt[T any]() *belt[T] {
	q := &belt[T]{}
	q.more = sync.NewCond(&q.mu)
	return q
}

func (q *belt[T]) put(v T) {
	q.mu.Lock()
	q.on = append(q.on, v)
	q.mu.Unlock()
	q.more.Signal()
}

func (q *belt[T]) take() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.on) == 0 && !q.closed {
		q.more.Wait()
	}
	if len(q.on) == 0 {
		return v, false
	}
	v, q.on = q.on[0], q.on[1:]
	return v, true
}

func (q *belt[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.more.Broadcast()
}

// Two stand at a belt on which something comes now and then.
func main() {
	b, q := newTally(0), newBelt[int]()
	var both sync.WaitGroup
	own := []*tally{newTally(0), newTally(0)}
	for i := range own {
		both.Go(func() {
			for t := newTask(cfg.Seed + int64(i)); ; {
				v, ok := q.take()
				if !ok {
					return
				}
				own[i].sum += t.step() ^ uint64(v)
				own[i].passes[0]++
			}
		})
	}
	comes := time.NewTicker(45 * time.Millisecond)
	for n := 0; !over(); n++ {
		<-comes.C
		q.put(n)
	}
	q.close()
	both.Wait()
	b.add(own[0])
	b.add(own[1])
	finish(b, 1)
}
