package main

import "sync"

// promise is something that will be there.
type promise[T any] struct {
	kept  chan struct{}
	value T
}

func (p *promise[T]) get() T {
	<-p.kept
	return p.value
}

// press does what it is given, two things at a time, and promises the outcome.
type press[T any] struct {
	jobs chan func()
	all  sync.WaitGroup
}

func newPress[T any](many int) *press[T] {
	p := &press[T]{jobs: make(chan func(), 8)}
	for range many {
		p.all.Go(func() {
			for job := range p.jobs {
				job()
			}
		})
	}
	return p
}

func (p *press[T]) give(f func() T) *promise[T] {
	made := &promise[T]{kept: make(chan struct{})}
	p.jobs <- func() {
		made.value = f()
		close(made.kept)
	}
	return made
}

func (p *press[T]) end() {
	close(p.jobs)
	p.all.Wait()
}

// Has grapes pressed, a few baskets ahead, and fills bottles in the order in which the grapes came.
func main() {
	b, p := newTally(0), newPress[uint64](2)
	casks := sync.Pool{New: func() any { return newTask(cfg.Seed) }}
	var ahead []*promise[uint64]
	for n := 0; !over(); n++ {
		ahead = append(ahead, p.give(func() (sum uint64) {
			t := casks.Get().(*task)
			for range 4 + n%5 {
				sum += t.step()
			}
			casks.Put(t)
			return sum
		}))
		if len(ahead) == 6 {
			b.sum = b.sum*31 + ahead[0].get()
			b.passes[0]++
			ahead = append(ahead[:0], ahead[1:]...)
		}
	}
	for _, one := range ahead {
		b.sum = b.sum*31 + one.get()
		b.passes[0]++
	}
	p.end()
	finish(b, 2)
}
